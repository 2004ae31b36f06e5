import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, lstatSync, mkdtempSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { UserError } from '../errors';
import { shownAddress } from '../secrets';

/** How long a connection to the far machine may take, in seconds. */
const CONNECT_SECONDS = 10;
/** How long a connection that nobody uses is kept, in seconds. */
const IDLE_SECONDS = 30;
/** Enough of what ssh says to tell why. */
const SAID = 4_000;

/** The folder of the sockets by which connections share a handshake, as `mkdtemp` makes it. */
const FOLDER = 'slipway-ssh-';
/** The bytes of what `mkdtemp` and ssh put behind it: `%C` is a hash, and a suffix stands there while ssh binds. */
const BEHIND_FOLDER = 'XXXXXX'.length + '/'.length + 40 + 17;

/** Connections that requests share, by address: to make one costs a handshake. */
const agents = new Map<string, Agent>();
const forwards = new Map<string, Promise<Server>>();
let folder: string | undefined;

/**
 * An agent whose connections are the far engine's, through the user's own `ssh` with its configuration, keys and known hosts, as Docker's
 * own command has it. It never asks: a key or host that is not known is an error that says what to do.
 * @see https://docs.docker.com/engine/security/protect-access/
 */
export function sshAgent(address: string): Agent {
  const known = agents.get(address);
  if (known) return known;
  const agent = new Agent({ keepAlive: true, maxSockets: 16, timeout: IDLE_SECONDS * 1000 });
  Object.assign(agent, {
    createConnection: () => new SshSocket(address, ['docker', 'system', 'dial-stdio']),
  });
  agents.set(address, agent);
  return agent;
}

/** A port here, on loopback, that leads to a port on the far machine's loopback. It does not keep this process. */
export async function sshForward(address: string, port: number): Promise<number> {
  const key = `${address} ${port}`;
  let made = forwards.get(key);
  if (!made) {
    made = listen((socket) => {
      const far = new SshSocket(address, [], ['-W', `127.0.0.1:${port}`]);
      socket.pipe(far).pipe(socket);
      socket.once('close', () => far.destroy());
      // Whoever asked sees that the connection breaks off.
      socket.once('error', () => far.destroy());
      far.once('error', () => socket.destroy());
    });
    forwards.set(key, made);
    made.catch(() => forwards.delete(key));
  }
  return ((await made).address() as { port: number }).port;
}

function listen(serve: (socket: Duplex) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(serve);
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.unref()));
  });
}

/** What ssh carries, as a socket. Fails with a `UserError` `engine-unreachable`. */
class SshSocket extends Duplex {
  readonly #child: ChildProcess;
  #said = '';

  constructor(
    private readonly address: string,
    command: string[],
    options: string[] = [],
  ) {
    super();
    const { hostname, port, username } = new URL(address);
    const words = [
      ...[
        '-o',
        'BatchMode=yes',
        '-o',
        `ConnectTimeout=${CONNECT_SECONDS}`,
        '-o',
        'ServerAliveInterval=15',
        '-T',
      ],
      ...sharing(),
      ...(username ? ['-l', decodeURIComponent(username)] : []),
      ...(port ? ['-p', port] : []),
      ...options,
      ...['--', hostname.replace(/^\[|\]$/g, ''), ...command],
    ];
    const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    this.#child = child;
    child.stdout.on('data', (piece: Buffer) => this.push(piece) || child.stdout.pause());
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (piece: Buffer) => (this.#said = (this.#said + piece.toString()).slice(-SAID)));
    child.once('error', (error) => this.destroy(unusable(this.address, error.message)));
    child.once('exit', (code) => {
      if (code !== 0 && code !== null && !this.destroyed)
        this.destroy(unusable(this.address, this.#said.trim()));
      else this.push(null);
    });
  }

  override _read(): void {
    this.#child.stdout?.resume();
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // What can not be written is said by how ssh ends.
    this.#child.stdin?.write(piece, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin?.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // What Node's HTTP client asks of a socket, and has no meaning here.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    this.#child.ref();
    return this;
  }
  unref(): this {
    this.#child.unref();
    return this;
  }
}

/** Connections to one host share one handshake, where ssh can do that; the shared one ends soon after the last. */
function sharing(): string[] {
  if (folder === undefined || !isOurs(folder)) {
    const place = placeForSockets(process.platform, ['/tmp', tmpdir()].filter(isWritable));
    folder = place && mkdtempSync(join(place, FOLDER));
  }
  if (folder === undefined) return [];
  const path = join(folder, '%C');
  return ['-o', 'ControlMaster=auto', '-o', `ControlPath=${path}`, '-o', `ControlPersist=${IDLE_SECONDS}`];
}

/** The first of the places where the path of a socket is not too long for the system; undefined where ssh can not share. */
export function placeForSockets(platform: NodeJS.Platform, places: string[]): string | undefined {
  if (platform === 'win32') return undefined;
  const limit = platform === 'linux' ? 108 : 104;
  return places.find((place) => Buffer.byteLength(join(place, FOLDER)) + BEHIND_FOLDER < limit);
}

function isWritable(place: string): boolean {
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Systems clear `/tmp` of what is old; then anybody could make a folder of the same name. */
function isOurs(made: string): boolean {
  return lstatSync(made, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

function unusable(address: string, said: string): UserError {
  const { hostname, port, username } = new URL(address);
  const by = (why: string, next: string) =>
    new UserError(
      'engine-unreachable',
      `The Docker engine at ${shownAddress(address)} can not be reached: ${why}.`,
      next,
      { why: `${why}.` },
    );
  const words = [
    ...(port ? ['-p', port] : []),
    username ? `${decodeURIComponent(username)}@${hostname}` : hostname,
  ];
  const byHand = `ssh ${words.join(' ')}`;
  if (/ENOENT/.test(said)) return by('ssh is not installed here', 'Install OpenSSH.');
  if (/host key verification failed|host identification has changed/i.test(said)) {
    return by(
      `${hostname} is not known to ssh, or not as it was`,
      `Connect once by hand, and look at its key: ${byHand}`,
    );
  }
  if (/permission denied/i.test(said)) {
    return by(
      `${hostname} does not let this user in`,
      `Make this work without a question: ${byHand}. A key with a passphrase has to be in the agent: ssh-add`,
    );
  }
  if (/command not found|docker: not found/i.test(said))
    return by(`${hostname} has no docker command`, `Install Docker on ${hostname}.`);
  if (/cannot connect to the docker daemon|docker daemon socket/i.test(said)) {
    return by(`on ${hostname} no engine answers this user`, `Make this work: ${byHand} docker version`);
  }
  const [last = 'ssh ended'] = said.split('\n').slice(-1);
  return by(last.trim().replace(/\.$/, '') || 'ssh ended', `Make this work: ${byHand} docker version`);
}
