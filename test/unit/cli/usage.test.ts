import assert from 'node:assert/strict';
import { join } from 'node:path';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { errorIn, slipway } from './support';

describe('the command line, called wrongly', () => {
  let workspace: string;
  before(async () => {
    workspace = await copyWorkspace(join(await temporaryFolder('cli-usage'), 'workspace'));
  });

  const wrong: [words: string[], told: RegExp, env?: NodeJS.ProcessEnv][] = [
    [[], /^Name a command\.\n\nSlipway takes a model/],
    [['fly'], /^There is no command fly\./],
    [['help', 'fly'], /^There is no command fly\./],
    [['help', 'deploy', 'iris'], /^help takes the name of one command\./],
    [['test', '--target', 'x'], /^slipway test has no option --target\./],
    [['deploy', 'iris'], /^Say where to with --target NAME\./],
    [['deploy', '--target', 'staging'], /^Name one model\./],
    [['releases', 'extra'], /^slipway releases takes no extra\./],
    [['predict', 'iris', '--wing'], /wing/],
    [['predict', 'iris', '--sample', 'x', '--inputs', 'y'], /^Say --sample or --inputs, not both\./],
    [['predict', 'iris', '--url', 'notaurl'], /^--url takes the address of a server, .* not notaurl\./],
    [['predict', 'iris', '--url', 'https://a:b@c'], /^--url takes .* not https:\/\/c\./],
    [['manifests', 'iris', '--out', 'x', '--format', 'chart'], /^--format is one of yaml, kustomize, helm\./],
    [['serve', 'iris', '--port', 'abc'], /^--port takes a whole number from 0 to 65535, not abc\./],
    [['serve', 'iris', '--port', '65536'], /^--port takes a whole number from 0 to 65535, not 65536\./],
    [['serve', 'iris', '--port', ''], /^--port takes a whole number from 0 to 65535, not nothing\./],
    [['serve', 'iris', '--container', '--process'], /^Say --container or --process, not both\./],
    [
      ['test'],
      /^SLIPWAY_TIMEOUT_SECONDS takes a number of seconds, 1 or more, not abc\./,
      { SLIPWAY_TIMEOUT_SECONDS: 'abc' },
    ],
    [['test'], /^SLIPWAY_TIMEOUT_SECONDS .* not 0\./, { SLIPWAY_TIMEOUT_SECONDS: '0' }],
    [['test'], /^SLIPWAY_TIMEOUT_SECONDS .* not Infinity\./, { SLIPWAY_TIMEOUT_SECONDS: 'Infinity' }],
    [
      ['test'],
      /^SLIPWAY_MEMORY_MIB takes a number of MiB, 64 or more, not 1g\./,
      { SLIPWAY_MEMORY_MIB: '1g' },
    ],
  ];
  for (const [words, told, env = {}] of wrong) {
    const called = [...Object.entries(env).map((each) => each.join('=')), 'slipway', ...words].join(' ');
    it(`exits with 2 and its help for: ${called}`, async () => {
      const { code, out, err } = await slipway(words, workspace, { env });
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, told);
      assert.match(err, /slipway \w+ /);
    });

    it(`prints one JSON document for: ${called} --json`, async () => {
      const ended = await slipway([...words, '--json'], workspace, { env });
      assert.equal(ended.code, 2);
      const { code, message, next } = errorIn(ended);
      assert.equal(code, 'usage');
      assert.match(`${message}\n\nSlipway takes a model`, told);
      assert.match(next ?? '', /^slipway (\w+ )?--help says /);
    });
  }

  it('shows the help of the command also where the rest can not be read', async () => {
    const { err } = await slipway(['predict', 'iris', '--wing'], workspace);
    assert.match(err, /^Unknown option '--wing'[^]*\n\nslipway predict MODEL/);
  });

  it('shows the help of a command by slipway help COMMAND too', async () => {
    const { code, out } = await slipway(['help', 'deploy'], workspace);
    assert.equal(code, 0);
    assert.equal(out, (await slipway(['deploy', '--help'], workspace)).out);
    assert.match((await slipway(['help'], workspace)).out, /^Slipway takes a model/);
  });
});
