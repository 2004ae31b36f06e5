import type { KubeConfig } from '@kubernetes/client-node';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { UserError, messageOf } from '../../errors';
import { fileReason } from '../../fileErrors';
import { loadClient } from './client';
import type { ClusterOptions } from './options';

/** What a kubeconfig says about a cluster. */
export interface KubeContext {
  config: KubeConfig;
  /** Name of the context. */
  name: string;
  /** The API server: `https://10.0.0.1:6443`. */
  server: string;
  namespace: string;
  /** As the kubeconfig calls it. */
  user: string | undefined;
}

/**
 * Reads the kubeconfig of a target and takes its context.
 * @param trusted Whether commands that it names may be run.
 * @throws UserError `config-invalid` when there is none or it names no such context, `untrusted` when it would run a command.
 */
export function readKubeconfig(options: ClusterOptions, trusted: boolean): KubeContext {
  const files = filesOf(options.kubeconfig);
  const config = load(files, options.kubeconfig);
  const name = options.context ?? config.getCurrentContext();
  const context = config.getContextObject(name);
  const cluster = context && config.getCluster(context.cluster);
  const where = files.join(', ');
  if (!context || !cluster?.server) {
    const known = config.getContexts().map((each) => each.name);
    throw new UserError(
      'config-invalid',
      name ? `${where} has no context "${name}" with a cluster.` : `${where} has no current context.`,
      known.length > 0
        ? `Name one as "context" of the target: ${known.join(', ')}.`
        : 'Ask whoever runs the cluster for a kubeconfig.',
    );
  }
  config.setCurrentContext(name);
  const user = config.getCurrentUser();
  const command = commandOf(user);
  if (command !== undefined && !trusted) {
    throw new UserError(
      'untrusted',
      `The context ${name} runs the command "${command}" to log in.`,
      'Trust the workspace first.',
    );
  }
  return {
    config,
    name,
    server: cluster.server,
    namespace: options.namespace ?? context.namespace ?? 'default',
    user: user?.name,
  };
}

/** The command that a user of a kubeconfig logs in with; undefined when there is none. */
export function commandOf(user: ReturnType<KubeConfig['getCurrentUser']>): string | undefined {
  const provider = user?.authProvider as
    { config?: { 'cmd-path'?: string; exec?: { command?: string } } } | undefined;
  const exec = user?.exec as { command?: string } | undefined;
  return exec?.command ?? provider?.config?.exec?.command ?? provider?.config?.['cmd-path'];
}

/** The client certificate of the context, as PEM; undefined where there is none. */
export function clientCertificate({ config }: KubeContext): Buffer | undefined {
  const user = config.getCurrentUser();
  if (user?.certFile) return readFileSync(user.certFile);
  return user?.certData ? Buffer.from(user.certData, 'base64') : undefined;
}

/** Where a kubeconfig is that a target names: `~` is the person's folder, and other paths begin at `root`. */
export function placeOf(named: string, root: string): string {
  return resolve(root, named.replace(/^~(?=$|[\\/])/, homedir()));
}

function filesOf(named: string | undefined): string[] {
  if (named !== undefined) return [placeOf(named, process.cwd())];
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  // A file of the list that does not exist is no mistake: kubectl would make it.
  const present = listed.filter((file) => existsSync(file));
  if (listed.length > 0) return present.length > 0 ? present : listed;
  return [join(homedir(), '.kube', 'config')];
}

function load(files: string[], named: string | undefined): KubeConfig {
  const { KubeConfig } = loadClient();
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    try {
      if (index === 0) config.loadFromFile(file);
      else mergeFile(config, file);
    } catch (error) {
      throw unreadable(file, named, error);
    }
  }
  return config;
}

/** What the YAML parser throws. */
interface YamlError {
  /** Some name the word that they are about: `unidentified alias "x"`. */
  reason?: string;
  /** Both count from 0. */
  mark?: { line: number; column: number };
}

/** Without its cause, which quotes lines of the file. */
function unreadable(file: string, named: string | undefined, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    const next =
      named === undefined
        ? 'Name one as "kubeconfig" of the target, or in KUBECONFIG.'
        : 'Correct "kubeconfig" of the target.';
    return new UserError('config-invalid', `There is no kubeconfig at ${file}.`, next);
  }
  const { reason, mark } = error as YamlError;
  const place = mark ? `:${mark.line + 1}:${mark.column + 1}` : '';
  const missing = /^\w+\[\d+\][\w.]* is missing$/.exec(messageOf(error))?.[0];
  const why =
    code !== undefined
      ? `can not be read: ${fileReason(error)}`
      : reason !== undefined
        ? `is no YAML: ${reason.replace(/\s*["!:].*$/s, '')}`
        : ['is no kubeconfig', missing].filter(Boolean).join(': ');
  return new UserError('kubeconfig-invalid', `${file}${place} ${why}.`, 'Correct it, or name another one.');
}

/** As kubectl does it: what a file before already names stays. */
function mergeFile(config: KubeConfig, file: string): void {
  const { KubeConfig } = loadClient();
  const next = new KubeConfig();
  next.loadFromFile(file);
  if (!config.getCurrentContext()) config.setCurrentContext(next.getCurrentContext());
  const has = (list: { name: string }[], name: string) => list.some((each) => each.name === name);
  for (const each of next.getClusters()) if (!has(config.getClusters(), each.name)) config.addCluster(each);
  for (const each of next.getUsers()) if (!has(config.getUsers(), each.name)) config.addUser(each);
  for (const each of next.getContexts()) if (!has(config.getContexts(), each.name)) config.addContext(each);
}
