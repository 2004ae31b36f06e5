import type { ContainerStatus, Pod } from './objects';

/** Why a pod does not answer. */
export interface PodProblem {
  /** In a sentence. */
  words: string;
  /** Whether it does not run, and will not by itself: the image is wrong, or the server ends each time. */
  ended: boolean;
  /** Whether its server's last words may say more. */
  crashed: boolean;
}

/** What hinders a pod; undefined while it is ready, or just starts. */
export function problemOf(pod: Pod): PodProblem | undefined {
  const { status } = pod;
  if (status?.phase === 'Failed') {
    const words = [status.reason, status.message].filter(Boolean).join(': ');
    return { words: sentence(`Its pod failed${words && `: ${words}`}`), ended: true, crashed: true };
  }
  const [container] = status?.containerStatuses ?? [];
  if (container) return ofContainer(container);
  const unscheduled = status?.conditions?.find(
    ({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  );
  if (!unscheduled) return undefined;
  const words = sentence(`No node takes its pod: ${unscheduled.message ?? 'the scheduler does not say why'}`);
  return { words, ended: false, crashed: false };
}

function ofContainer({ state, lastState, ready, restartCount }: ContainerStatus): PodProblem | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended?.reason === 'OOMKilled' && !ready) {
    return {
      words: 'Its server was killed because it needed more memory than "resources.limits.memory" allows.',
      ended: !state?.running,
      crashed: true,
    };
  }
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return {
        words: sentence(`The cluster can not pull its image: ${message || reason}`),
        ended: true,
        crashed: false,
      };
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return {
        words: sentence(`Its container can not be made: ${message || reason}`),
        ended: true,
        crashed: false,
      };
    case 'CrashLoopBackOff':
      return {
        words: sentence(`Its server ends again and again${endWords(ended)}`),
        ended: true,
        crashed: true,
      };
  }
  if (state?.terminated) {
    return { words: sentence(`Its server ended${endWords(ended)}`), ended: true, crashed: true };
  }
  if (state?.running && !ready && restartCount > 0) {
    const times = restartCount === 1 ? 'once' : `${String(restartCount)} times`;
    return {
      words: sentence(`Its server was started again ${times}${endWords(ended)}`),
      ended: false,
      crashed: true,
    };
  }
  return undefined;
}

/** Whether a container of the pod runs. */
export function runs({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.running) ?? false;
}

/** What a pod that has no problem waits for: `pulling its image`. */
export function stageOf({ spec, status }: Pod): string {
  const [container] = status?.containerStatuses ?? [];
  if (container?.state?.running) return 'its server loads the model';
  return spec?.nodeName === undefined ? 'waiting for a node' : `pulling its image on ${spec.nodeName}`;
}

function endWords(ended: { exitCode: number; reason?: string } | undefined): string {
  return ended ? `: exit code ${String(ended.exitCode)}` : '';
}

function sentence(words: string): string {
  const one = words.trim().replace(/\s+/g, ' ');
  return /[.!?]$/.test(one) ? one : `${one}.`;
}
