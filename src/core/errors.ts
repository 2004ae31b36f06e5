/** What went wrong, as a word that code can act on. The editor offers a button by it. */
export type ErrorCode =
  | 'build-failed'
  | 'canary-failed'
  | 'cluster-denied'
  | 'cluster-refused'
  | 'cluster-unreachable'
  | 'config-invalid'
  | 'disk-full'
  | 'endpoint-gone'
  | 'endpoint-not-ready'
  | 'engine-refused'
  | 'engine-unreachable'
  | 'image-missing'
  | 'kubeconfig-invalid'
  | 'load-refused'
  | 'model-broken'
  | 'model-missing'
  | 'model-unsupported'
  | 'node-unusable'
  | 'not-readable'
  | 'not-writable'
  | 'port-taken'
  | 'predict-refused'
  | 'predict-timeout'
  | 'pull-refused'
  | 'registry-refused'
  | 'registry-unreachable'
  | 'release-missing'
  | 'sample-invalid'
  | 'samples-missing'
  | 'target-missing'
  | 'traffic-undivided'
  | 'untrusted'
  | 'verify-failed'
  | 'worker-crashed';

/**
 * An error that is fit to be read by the person who caused or meets it.
 * `message` says what failed, `next` what to do about it; both are whole sentences without a stack.
 */
export class UserError extends Error {
  /** The reason alone, for places where only few words fit. */
  readonly why: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly next?: string,
    options?: ErrorOptions & { why?: string },
  ) {
    super(message, options);
    this.name = 'UserError';
    this.why = options?.why;
  }
}

/** Whether `error` only says that the person cancelled: such errors are not shown. */
export function isCancellation(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted) return true;
  return error instanceof Error && error.name === 'AbortError';
}

/** Why something failed, in as few words as there are: `No Docker engine answers at /var/run/docker.sock.` */
export function whyOf(error: unknown): string {
  const why = (error instanceof UserError && error.why) || messageOf(error);
  return why.charAt(0).toUpperCase() + why.slice(1);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
