import assert from 'node:assert/strict';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { placeForSockets, sshForward } from '../../../src/core/docker/ssh';
import { skip } from '../../host/skip';
import { temporaryFolder } from '../../host/workspace';

describe('connections of ssh', () => {
  /** A folder's path of so many bytes. */
  const long = (bytes: number) => `/${'a'.repeat(bytes - 1)}`;
  /** What `mkdtemp` and ssh put behind it. */
  const behind = '/slipway-ssh-XXXXXX'.length + '/'.length + 40 + '.0123456789abcdef'.length;

  it('are shared in the first folder that is short enough', () => {
    const ofMac = '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T';
    assert.equal(placeForSockets('darwin', ['/tmp', ofMac]), '/tmp');
    assert.equal(placeForSockets('darwin', [ofMac]), undefined);
    assert.equal(placeForSockets('linux', [long(100), '/tmp']), '/tmp');
    assert.equal(placeForSockets('linux', []), undefined);
  });

  for (const [platform, limit] of [
    ['darwin', 104],
    ['freebsd', 104],
    ['linux', 108],
  ] as const) {
    it(`have a socket whose path and final zero take at most ${limit} bytes on ${platform}`, () => {
      const most = long(limit - 1 - behind);
      assert.equal(placeForSockets(platform, [most]), most);
      assert.equal(placeForSockets(platform, [`${most}a`]), undefined);
      assert.equal(placeForSockets(platform, [`${most.slice(0, -1)}ä`]), undefined);
    });
  }

  it('share by a private folder with a short path, also where that for temporary files is long', async function () {
    if (process.platform === 'win32') skip(this, 'ssh shares no connections on Windows');
    const temporary = join(await temporaryFolder('ssh'), 'a'.repeat(80));
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'ssh'), '#!/bin/sh\necho "$@"\n');
    await chmod(join(temporary, 'ssh'), 0o755);
    const { PATH, TMPDIR } = process.env;
    Object.assign(process.env, { PATH: `${temporary}:${PATH}`, TMPDIR: temporary });
    try {
      const said = await text(connect(await sshForward('ssh://ada@far.test', 8080), '127.0.0.1'));
      const [, path = ''] = / -o ControlPath=(\S+) /.exec(said) ?? [];
      assert.match(path, /^\/tmp\/slipway-ssh-\w{6}\/%C$/);
      assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
    } finally {
      process.env['PATH'] = PATH;
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
    }
  });

  it('are not shared on Windows', () => assert.equal(placeForSockets('win32', ['/tmp']), undefined));
});
