/** Where a model's server listens inside its container, and the proxy inside its own. */
export const SERVER_PORT = 8080;

/**
 * Names of what a target owns on its engine. A dot parts the target from the model because neither may hold one:
 * the model `eu-iris` on `staging` and the model `iris` on `staging-eu` never meet.
 */
export function networkName(target: string): string {
  return `slipway-${target}`;
}

/** The name is the lock of a revision: an engine gives it to one container only. */
export function releaseName(target: string, model: string, revision: number): string {
  return `slipway-${target}.${model}-r${String(revision)}`;
}

export function proxyName(target: string, model: string): string {
  return `slipway-${target}.${model}-proxy`;
}

export function lockName(target: string, model: string): string {
  return `slipway-${target}.${model}-lock`;
}
