import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSigned } from '../../host/certificates';
import { FakeEngine } from '../../host/fakeEngine';
import { skip } from '../../host/skip';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { slipway } from './support';

describe('slipway plan', () => {
  it('says until when a client certificate holds, to people and to scripts', async function () {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' });
    } catch {
      skip(this, 'there is no openssl');
    }
    const folder = await temporaryFolder('plan');
    const workspace = await copyWorkspace(join(folder, 'workspace'));
    const engine = await FakeEngine.start({ '/containers/json': [] }, await selfSigned(folder, 3));
    const tls = { ca: '../cert.pem', cert: '../cert.pem', key: '../key.pem' };
    const lab = { kind: 'docker', host: engine.host, bind: '0.0.0.0', tls };
    await writeFile(join(workspace, 'slipway.json'), JSON.stringify({ targets: { lab } }));
    try {
      const words = ['plan', 'models/iris.onnx', '--target', 'lab'];
      const told = await slipway([...words, '--json'], workspace);
      assert.equal(told.code, 0, told.err);
      const { standing } = JSON.parse(told.out) as { standing: { expires: string; warnings: string[] } };
      const days = (Date.parse(standing.expires) - Date.now()) / 86_400_000;
      assert.ok(days > 2 && days <= 3, `${standing.expires} is in ${days} days`);
      const day = standing.expires.slice(0, 10);
      const warning = `The client certificate expires on ${day}.`;
      assert.deepEqual(standing.warnings, [warning]);
      const { out } = await slipway(words, workspace);
      assert.ok(out.includes(`\n# What you are known by holds until ${day}.\n# ${warning}\n`), out);
    } finally {
      await engine.stop();
    }
  });
});
