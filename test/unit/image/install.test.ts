import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const python = '/usr/bin/python3';

/** What the build of an image runs, but for the compiling. */
const install = `
import sys
sys.path.insert(0, "src/server/python")
import slipway_install
slipway_install.compile_all = lambda: None
sys.exit(slipway_install.main(*sys.argv[1:]))
`;

describe('installing what a model needs', () => {
  let folder: string;
  let site: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-install-'));
    const packages = [
      'slipalpha==1.0:slipbeta<2',
      'slipalpha==2.0:slipbeta>=2',
      ...['slipbeta==1.0', 'slipbeta==1.4', 'slipbeta==2.0', 'slipbeta==3.0rc1', 'slipbeta==0.5!'],
    ];
    execFileSync(python, ['test/fixtures/python/make_wheels.py', folder, ...packages]);
    site = join(folder, 'site');
  });
  afterEach(() => rmSync(site, { recursive: true, force: true }));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** With `there` as what the base image has. */
  function run(needs: string[], { there = [] as string[], asked = [] as string[] } = {}) {
    const list = join(folder, 'requirements.txt');
    const base = join(folder, 'base');
    rmSync(base, { recursive: true, force: true });
    const environment = {
      ...process.env,
      ...{ PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder },
      ...{ PYTHONPATH: `${site}:${base}`, PYTHONDONTWRITEBYTECODE: '1' },
    };
    if (there.length > 0) {
      const options = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', base];
      execFileSync(python, [...options, ...there], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    }
    writeFileSync(list, `${needs.join('\n')}\n`);
    const { status, stdout } = spawnSync(python, ['-c', install, list, site, ...asked], { env: environment });
    const lines = stdout.toString().trim().split('\n');
    return { failed: status !== 0, lines, last: lines.at(-1) ?? '' };
  }
  const installed = (name: string) =>
    /'(.*)'/.exec(readFileSync(join(site, name, '__init__.py'), 'utf8'))?.[1];

  it('lets pip choose all of it together, whatever the base image has', () => {
    const { failed, lines } = run(['slipalpha==1.0', 'slipbeta'], { there: ['slipbeta==2.0'] });
    assert.equal(failed, false, lines.join('\n'));
    assert.equal(installed('slipalpha'), '1.0');
    assert.equal(installed('slipbeta'), '1.4');
  });

  it('installs nothing where the base image has all of it', () => {
    const needs = ['slipbeta>=1.2,<3', 'SlipBeta~=1.3', 'slipalpha==9; python_version < "3"'];
    const { failed, last } = run(needs, { there: ['slipbeta==1.4'] });
    assert.deepEqual({ failed, last }, { failed: false, last: 'All packages are there already.' });
    assert.equal(existsSync(site), false);
    assert.match(
      run(['slipbeta<1.4'], { there: ['slipbeta==1.4'] }).lines.join(),
      /Installing slipbeta<1\.4/,
    );
  });

  it('names the nearest version that can be installed', function () {
    this.timeout(120_000);
    for (const [need, words] of [
      [
        'slipbeta==1.3',
        'slipbeta 1.3 can not be installed for Python [\\d.]+\\. The nearest .* that can is 1\\.4\\.',
      ],
      ['slipbeta==0.1', 'slipbeta 0.1 can not be .* The nearest .* that can is 1\\.0\\.'],
      ['slipbeta>=9', 'slipbeta>=9 can not be .* The nearest .* that can is 2\\.0\\.'],
      [
        'slipbeta==0.5',
        'slipbeta 0.5 can not .*: it would have to be built, and that fails\\. The nearest .* is 1\\.0\\.',
      ],
      ['slipgamma==1', 'slipgamma 1 can not be installed: no index that can be reached has it\\.'],
    ] as const) {
      const { failed, last } = run([need]);
      assert.ok(failed, need);
      assert.match(last, new RegExp(`^slipway: ${words}$`));
    }
  });

  it('says which packages do not go together, and what would', () => {
    const { failed, last } = run(['slipalpha==2.0', 'slipbeta==1.4']);
    assert.ok(failed);
    assert.equal(
      last,
      'slipway: These packages do not go together: slipbeta 1.4 is asked for, slipalpha 2.0 needs slipbeta>=2. The nearest version of slipbeta that fits is 2.0.',
    );
  });

  it('tells when Python itself is another one', () => {
    const [told] = run(['slipbeta'], { there: ['slipbeta==1.4'], asked: ['2.7'] }).lines;
    assert.match(
      told ?? '',
      /^Python 2\.7 is asked for\. The image has Python 3\.[\d.]+, and that is used\.$/,
    );
    const same = execFileSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).toString();
    assert.equal(run(['slipbeta'], { there: ['slipbeta==1.4'], asked: [same.trim()] }).lines.length, 1);
  });
});
