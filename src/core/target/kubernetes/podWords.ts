import { LOAD_SECONDS } from '../untilReady';
import { CONTAINER_NAME, KSERVE_CONTAINER_NAME } from './names';
import type { ContainerStatus, Pod } from './objects';

/** How long a server may take to load its model until silence counts as unhealthy, in milliseconds. */
export const START_MS = LOAD_SECONDS * 1000;

/** Why a pod does not answer. */
export interface PodProblem {
  /** In a sentence. */
  words: string;
  /** Whether it does not run, and will not by itself: the image is wrong, or the server ends each time. */
  ended: boolean;
  /** Whether its server's last words may say more. */
  crashed: boolean;
}

/** What a registry answers that it would answer again. */
const refused =
  /unauthorized|denied|forbidden|not found|(manifest|name) unknown|no match for platform|invalid reference/i;

/** What hinders a pod; undefined while it is ready, or just starts. */
export function problemOf(pod: Pod): PodProblem | undefined {
  const { status } = pod;
  if (status?.phase === 'Failed') {
    const words = [status.reason, status.message].filter(Boolean).join(': ');
    return { words: sentence(`Its pod failed${words && `: ${words}`}`), ended: true, crashed: true };
  }
  const server = serverOf(pod);
  const hindering = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const each of server ? [server, ...hindering.filter((other) => other !== server)] : hindering) {
    const problem = each === server ? ofContainer(each, 'server') : ofOther(each);
    if (problem) return problem;
  }
  const unscheduled = status?.conditions?.find(
    ({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  );
  if (!unscheduled) return undefined;
  const words = sentence(`No node takes its pod: ${unscheduled.message ?? 'the scheduler does not say why'}`);
  return { words, ended: false, crashed: false };
}

/** The container that runs the model's server; a mesh or Knative may have put others beside it. */
export function serverOf({ status }: Pod): ContainerStatus | undefined {
  const { containerStatuses = [] } = status ?? {};
  return containerStatuses.find(({ name }) => isServer(name)) ?? containerStatuses[0];
}

/** The name of that container; undefined while nothing says which there are. */
export function serverNameOf(pod: Pod): string | undefined {
  return pod.spec?.containers?.map(({ name }) => name).find(isServer) ?? serverOf(pod)?.name;
}

function isServer(name: string): boolean {
  return name === CONTAINER_NAME || name === KSERVE_CONTAINER_NAME;
}

/** A container beside the server, or one that runs before it: what it wrote is not asked for. */
function ofOther(status: ContainerStatus): PodProblem | undefined {
  const done = status.state?.terminated?.exitCode === 0;
  const problem = done ? undefined : ofContainer(status, `container ${status.name}`);
  return problem && { ...problem, crashed: false };
}

/** `who` is for people: `server`. */
function ofContainer(
  { state, lastState, ready, restartCount }: ContainerStatus,
  who: string,
): PodProblem | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const isServers = who === 'server';
  if (ended?.reason === 'OOMKilled' && !ready) {
    const limit = isServers ? '"resources.limits.memory" allows' : 'it may have';
    return {
      words: `Its ${who} was killed because it needed more memory than ${limit}.`,
      ended: !state?.running,
      crashed: true,
    };
  }
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return {
        words: sentence(
          `The cluster can not pull ${isServers ? 'its image' : `the image of its ${who}`}: ${message || reason}`,
        ),
        // What only failed once is tried again by itself.
        ended: reason === 'ImagePullBackOff' || refused.test(message),
        crashed: false,
      };
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return {
        words: sentence(`Its ${isServers ? 'container' : who} can not be made: ${message || reason}`),
        ended: true,
        crashed: false,
      };
    case 'CrashLoopBackOff':
      return {
        words: sentence(`Its ${who} ends again and again${endWords(ended)}`),
        ended: true,
        crashed: true,
      };
  }
  if (state?.terminated) {
    return { words: sentence(`Its ${who} ended${endWords(ended)}`), ended: true, crashed: true };
  }
  if (state?.running && !ready && restartCount > 0) {
    const times = restartCount === 1 ? 'once' : `${String(restartCount)} times`;
    return {
      words: sentence(`Its ${who} was started again ${times}${endWords(ended)}`),
      ended: false,
      crashed: true,
    };
  }
  return undefined;
}

/** Whether the server's container of the pod runs. */
export function runs(pod: Pod): boolean {
  return serverOf(pod)?.state?.running !== undefined;
}

/** Whether a pod that does not run yet does not say why. */
export function isSilent(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !runs(pod) && problemOf(pod) === undefined;
}

/** Whether a pod that is not ready will hardly be by itself: something is wrong with it, or it takes longer than a server may. */
export function isHindered(pod: Pod): boolean {
  const age = Date.now() - Date.parse(pod.metadata.creationTimestamp ?? '');
  return problemOf(pod) !== undefined || age > START_MS;
}

/** What a pod that has no problem waits for: `pulling its image`. */
export function stageOf(pod: Pod): string {
  const { spec } = pod;
  if (runs(pod)) return 'its server loads the model';
  return spec?.nodeName === undefined ? 'waiting for a node' : `pulling its image on ${spec.nodeName}`;
}

function endWords(ended: { exitCode: number; reason?: string } | undefined): string {
  return ended ? `: exit code ${String(ended.exitCode)}` : '';
}

function sentence(words: string): string {
  const one = words.trim().replace(/\s+/g, ' ');
  return /[.!?]$/.test(one) ? one : `${one}.`;
}
