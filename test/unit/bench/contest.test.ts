import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ask, examine } from '../../bench/contestant';
import { plain, predictions, questions } from '../../bench/labels';
import { processTree } from '../../bench/memory';
import { ready, startProcess } from '../../bench/process';
import { freePort } from '../../host/freePort';
import { reasonIn } from '../../bench/reason';
import { skip } from '../../host/skip';

const rows = [
  { row: [1, 2], label: 0 },
  { row: [3, 4], label: 1 },
];

describe('a server in the bench', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'slipway-bench-test-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function start(source: string, port: number) {
    const script = join(folder, 'server.mjs');
    await writeFile(script, source);
    return startProcess([process.execPath, script], folder, { ...process.env, PORT: String(port) });
  }

  it('is not measured when one of its answers is wrong', async () => {
    const port = await freePort();
    const server = await start(answering('{"predictions":[0]}'), port);
    try {
      const asked = questions(`http://127.0.0.1:${port}`, predictions('/predict'), rows);
      await ready(server, () => ask(asked[0]), 20);
      await assert.rejects(
        examine({ process: server, questions: asked }),
        /it says 0 where the model says 1/,
      );
      await examine({ process: server, questions: [asked[0]] });
    } finally {
      await server.stop();
    }
  });

  it('is named with the error that it ended with', async () => {
    const port = await freePort();
    const server = await start('console.log("Shutting down");\nthrow new TypeError("no such model");', port);
    const [asked] = questions(`http://127.0.0.1:${port}`, plain, rows);
    await assert.rejects(
      ready(server, () => ask(asked), 20),
      /it ended with 1: TypeError: no such model/,
    );
    await server.stop();
  });

  it('is named when its program is not there', async () => {
    await assert.rejects(startProcess(['slipway-no-such-program'], folder, process.env), /ENOENT/);
  });

  it('ends with all that it started', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux tells which processes another one started');
    const server = await start(
      `import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => process.exit());
      spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000)'], { detached: true });`,
      0,
    );
    const [, child] = await ready(
      server,
      () => {
        const tree = processTree(server.pid);
        return Promise.resolve(tree.length > 1 ? tree : undefined);
      },
      20,
    );
    assert.ok(child);
    await server.stop();
    assert.equal(await gone(child), true);
  });
});

describe('the reason for a failure', () => {
  it('is the last error that a program names, else its last line', () => {
    assert.equal(reasonIn('ERROR: first\nERROR: second\n\nShutting down\n'), 'ERROR: second');
    assert.equal(reasonIn('one\ntwo\n'), 'two');
    assert.equal(reasonIn(''), 'it says nothing');
  });
});

function answering(body: string): string {
  return `import { createServer } from 'node:http';
createServer((request, response) => request.resume().on('end', () => response.end('${body}'))).listen(process.env.PORT, '127.0.0.1');`;
}

/** Whether a process ends; one that only waits for its parent to notice counts as ended. */
async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined || stat.split(') ')[1]?.startsWith('Z')) return true;
    await wait(50);
  }
  return false;
}
