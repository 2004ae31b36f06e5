import type Docker from 'dockerode';
import { findContainer, howItEnded, publishedPort } from '../../docker/containers';
import { labels } from '../../docker/labels';
import type { ServedModel } from '../../endpoint/endpoint';
import type { ReleaseNotes } from '../target';
import { SERVER_PORT } from './names';

/** What a container exits with that a signal ends. */
const [SIGKILLED, SIGTERMINATED] = [137, 143];

/** A release as its container's labels and state tell it. Whether it has traffic is the proxy's to know. */
export interface ReleaseContainer {
  id: string;
  target: string;
  model: ServedModel;
  revision: number;
  /** Its place in a registry, or its id. */
  digest: string;
  /** The image's id on this engine. */
  image: string;
  notes: ReleaseNotes;
  settings: string | undefined;
  author: string;
  created: Date;
  running: boolean;
  /** Since when it runs. */
  started: Date;
  /** How it ended last: `exit code 1`; undefined while it runs or never did. */
  ended: string | undefined;
  /** Whether it ended by itself, and not well. */
  crashed: boolean;
  /** How often the engine has started it again since somebody did. */
  restarts: number;
  /** Whether it ended, and the engine will start it again in a moment. */
  restarting: boolean;
  /** Whether the engine is taking it away. */
  removing: boolean;
  /** On which it is published while it runs. */
  port: number | undefined;
}

/** The releases of a target, or of one model on it, stopped ones too. */
export async function listReleaseContainers(
  docker: Docker,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<ReleaseContainer[]> {
  const label = [`${labels.kind}=release`, `${labels.target}=${of.target}`];
  if (of.model !== undefined) label.push(`${labels.model}=${of.model}`);
  const found = await docker.listContainers({ all: true, filters: { label }, abortSignal: signal });
  const read = await Promise.all(found.map(({ Id }) => readReleaseContainer(docker, Id, signal)));
  return read.filter((container) => container !== undefined);
}

/** Undefined when it was removed just now. */
export async function readReleaseContainer(
  docker: Docker,
  id: string,
  signal: AbortSignal,
): Promise<ReleaseContainer | undefined> {
  const found = await findContainer(docker, id, signal);
  if (!found) return undefined;
  const label = (name: string) => found.Config.Labels[name] ?? '';
  return {
    id: found.Id,
    target: label(labels.target),
    model: { name: label(labels.model), path: label(labels.modelPath), hash: label(labels.modelHash) },
    revision: Number(label(labels.revision)),
    digest: label(labels.image) || found.Image,
    image: found.Image,
    notes: {
      note: label(labels.note),
      samplesHash: label(labels.samplesHash) || undefined,
      commit: label(labels.commit) || undefined,
    },
    settings: label(labels.settings) || undefined,
    author: label(labels.author),
    created: new Date(label(labels.created) || found.Created),
    running: found.State.Running,
    started: new Date(found.State.StartedAt),
    ended: howItEnded({ ...found.State, Running: found.State.Running && !found.State.Restarting }),
    crashed: !found.State.Running && isCrash(found.State),
    restarts: found.RestartCount,
    restarting: found.State.Restarting,
    removing: found.State.Status === 'removing',
    port: publishedPort(found, SERVER_PORT),
  };
}

/** Not of what was told to end, or killed by somebody. */
function isCrash({ Status, ExitCode, OOMKilled }: Docker.ContainerInspectInfo['State']): boolean {
  return Status === 'exited' && (OOMKilled || ![0, SIGKILLED, SIGTERMINATED].includes(ExitCode));
}
