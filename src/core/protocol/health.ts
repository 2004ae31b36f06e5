/** How the servers of a release are, for people: in views, on its page and on the command line. */
import type { ReleaseHealth } from '../target/target';

export const healthNames: Record<ReleaseHealth, string> = {
  starting: 'starting',
  ready: 'ready',
  degraded: 'degraded',
  unhealthy: 'not healthy',
  stopped: 'stopped',
  deleting: 'being deleted',
  unknown: 'unknown',
};

/** Whether somebody has to look at it: it runs, and not as it shall. */
export function isIll(health: ReleaseHealth): boolean {
  return health === 'degraded' || health === 'unhealthy';
}
