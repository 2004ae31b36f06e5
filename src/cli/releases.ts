import { configFileName } from '../core/config/config';
import { UserError, isCancellation } from '../core/errors';
import { deploy as runDeploy, requestOf, stepsFor, type DeployTask } from '../core/release/deploy';
import { healthNames } from '../core/protocol/health';
import { describePlan } from '../core/release/describe';
import { exportManifests } from '../core/release/exportManifests';
import { makeTarget } from '../core/release/makeTarget';
import { rollBack } from '../core/release/rollBack';
import { manifestFormats, type Release, type Target } from '../core/target/target';
import { UsageError, onlyModel, type Call } from './call';
import { described } from './output';
import { admit } from './servers';
import type { Workspace } from './workspace';

/** `slipway deploy` */
export async function deploy({ workspace, settings, output, signal, given, values }: Call): Promise<void> {
  const model = await workspace.model(onlyModel(given));
  await admit(model, { ...values, ...settings }, signal);
  await withTarget({ workspace, settings, output, values }, async (target) => {
    const deployment = {
      ...(await model.deployment(target.name, values.note ?? '', signal)),
      anyway: values.anyway,
    };
    const steps = stepsFor(target);
    const task: DeployTask = {
      signal,
      report: output.progress,
      onStep: (step, state, detail) => {
        const at = `${steps.indexOf(step) + 1}/${steps.length} ${step}`;
        output.progress(state === 'running' ? `${at} …` : `${at} ${state}${detail ? `: ${detail}` : ''}`);
      },
    };
    const { release, unchanged } = await runDeploy(target, deployment, task);
    output.result({ unchanged, release: documentOf(release) }, servesWords(release, unchanged));
  });
}

/** `slipway plan` */
export async function plan({ workspace, settings, output, signal, given, values }: Call): Promise<void> {
  const model = await workspace.model(onlyModel(given));
  await withTarget({ workspace, settings, output, values }, async (target) => {
    const request = requestOf(await model.deployment(target.name, values.note ?? '', signal));
    const standing = await target.check(request, output.task(signal));
    const changes = await target.plan(request, output.task(signal));
    const title = `What a deploy of ${model.name} to ${target.name} would change`;
    const { expires } = standing;
    const document = { standing: { ...standing, expires: expires?.toISOString() }, changes };
    output.result(document, describePlan(title, { standing, changes }).trimEnd());
  });
}

/** `slipway manifests` */
export async function manifests({ workspace, settings, output, signal, given, values }: Call): Promise<void> {
  const folder = values.out;
  if (folder === undefined) throw new UsageError('Say where the files go with --out FOLDER.');
  const format = manifestFormats.find((each) => each === (values.format ?? 'kustomize'));
  if (!format) throw new UsageError(`--format is one of ${manifestFormats.join(', ')}.`);
  const model = await workspace.model(onlyModel(given));
  await admit(model, { ...values, ...settings }, signal);
  await withTarget({ workspace, settings, output, values }, async (target) => {
    const deployment = await model.deployment(target.name, '', signal);
    // They are made anew on each change, and Git knows what they were.
    const replace = () => Promise.resolve(true);
    const files = await exportManifests(target, deployment, folder, format, output.task(signal), replace);
    output.result({ files }, files?.join('\n') ?? '');
  });
}

/** `slipway rollback` */
export async function rollback({ workspace, settings, output, signal, given, values }: Call): Promise<void> {
  const name = onlyModel(given);
  // What is deployed can be rolled back without its file.
  const model = await workspace.model(name).then(
    (found) => found.name,
    () => name,
  );
  await withTarget({ workspace, settings, output, values }, async (target) => {
    const release = await rollBack(target, model, output.task(signal));
    output.result({ release: documentOf(release) }, servesWords(release, false));
  });
}

/** `slipway releases` */
export async function releases({ workspace, settings, output, signal, given, values }: Call): Promise<void> {
  if (given.length > 0) throw new UsageError(`slipway releases takes no ${given.join(' ')}.`);
  const found: Release[] = [];
  const away: { target: string; error: unknown }[] = [];
  const look = async (name: string) => {
    const of = { workspace, settings, output, values: { ...values, target: name } };
    try {
      await withTarget(of, async (target) => void found.push(...(await target.list(signal))));
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      away.push({ target: name, error });
    }
  };
  await Promise.all((values.target ? [values.target] : allTargets(workspace)).map(look));
  found.sort((a, b) => a.target.localeCompare(b.target) || b.revision - a.revision);
  const lines = found.map(
    ({ target, model, revision, state, traffic, health, note }) =>
      `${target}  ${model.name} r${revision}  ${state} ${traffic} %  ${healthNames[health]}  ${note}`,
  );
  const [first, ...others] = away;
  if (!first)
    return output.result({ releases: found.map(documentOf) }, lines.join('\n') || 'No release runs.');
  const errors = away.map(({ target, error }) => ({ target, ...described(error) }));
  const document = { releases: found.map(documentOf), errors, error: described(first.error) };
  output.result(document, lines.join('\n'));
  for (const { error } of others) output.progress(described(error).message);
  throw first.error;
}

function allTargets({ config }: Workspace): string[] {
  const all = Object.keys(config?.targets ?? {});
  if (all.length > 0) return all;
  if (!config) throw noConfig();
  throw new UserError(
    'target-missing',
    `${configFileName} names no target.`,
    'Describe one there: {"targets": {"staging": {"kind": "docker"}}}',
  );
}

function noConfig(): UserError {
  return new UserError(
    'target-missing',
    `There is no ${configFileName} in this folder, which names the targets.`,
    'Run slipway in the folder that holds it.',
  );
}

async function withTarget(
  { workspace, settings, output, values }: Pick<Call, 'workspace' | 'settings' | 'output' | 'values'>,
  work: (target: Target) => Promise<void>,
): Promise<void> {
  const name = values.target;
  if (name === undefined) throw new UsageError('Say where to with --target NAME.');
  const describedAs = workspace.config?.targets[name];
  if (!workspace.config) throw noConfig();
  if (!describedAs) {
    const known = Object.keys(workspace.config.targets).join(', ') || 'none';
    throw new UserError(
      'target-missing',
      `slipway.json names no target ${name}; it names ${known}.`,
      'Name one of them, or describe it there.',
    );
  }
  const target = makeTarget(name, describedAs, settings, output.log);
  try {
    await work(target);
  } finally {
    target.dispose();
  }
}

function servesWords({ model, revision, target, stableUrl }: Release, unchanged: boolean): string {
  const where = stableUrl ? ` at ${stableUrl}` : '';
  return `${model.name} r${revision} serves on ${target}${where}${unchanged ? ', as before' : ''}.`;
}

/** A release as it is told to scripts. */
function documentOf({ model, created, ...rest }: Release) {
  return { ...rest, model: { name: model.name, hash: model.hash }, created: created.toISOString() };
}
