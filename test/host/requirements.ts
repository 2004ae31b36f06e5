import { existsSync } from 'node:fs';
import { run } from './command';
import { chromiumPath } from './browser';

/** What tests need from the machine: the Debian package that has it, and whether it is there. */
const requirements: Record<string, () => boolean> = {
  chromium: () => chromiumPath() !== undefined,
  // A client alone starts no engine.
  'docker.io': () => process.platform !== 'linux' || onPath('dockerd') || namesEngine(),
  'apache2-utils': () => process.platform !== 'linux' || onPath('htpasswd'),
  'docker-registry': () => process.platform !== 'linux' || onPath('docker-registry'),
  haproxy: () => process.platform !== 'linux' || onPath('haproxy'),
  'openssh-server': () => process.platform !== 'linux' || onPath('sshd'),
  prometheus: () => process.platform !== 'linux' || onPath('promtool'),
  iproute2: () => process.platform !== 'linux' || onPath('ip'),
  'g++': () => process.platform !== 'linux' || onPath('g++'),
  'python3-cloudpickle': () => hasPython('cloudpickle'),
  'python3-pandas': () => hasPython('pandas'),
  'python3-pip': () => hasPython('pip'),
  'python3-sklearn': () => hasPython('sklearn'),
  'python3-xgboost': () => hasPython('xgboost'),
  'python3-yaml': () => hasPython('yaml'),
  make: () => process.platform !== 'linux' || onPath('make'),
};

/** Installs what is missing where that can be done (Debian, as root), and says what to install elsewhere. */
export async function installRequirements(): Promise<void> {
  const missing = Object.keys(requirements).filter((name) => !requirements[name]?.());
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    console.error(
      `These are missing, and tests that need them will fail or be skipped: ${missing.join(', ')}.`,
    );
    return;
  }
  console.error(`Installing ${missing.join(', ')}…`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

/** Whether Debian's own Python has a package; others may be first on the path. */
function hasPython(name: string): boolean {
  return process.platform !== 'linux' || existsSync(`/usr/lib/python3/dist-packages/${name}`);
}

function namesEngine(): boolean {
  return Boolean(process.env.DOCKER_HOST) || existsSync('/var/run/docker.sock');
}

function onPath(name: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/bin'].some((folder) =>
    existsSync(`${folder}/${name}`),
  );
}
