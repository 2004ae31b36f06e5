import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeModel, findingsOf } from '../../../src/core/model/describeModel';
import { pickle } from './pickle/pickles';

describe('the modules that a pickle needs', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-beside-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const found = async (...content: (string | number)[]) => {
    const file = join(folder, 'model.pkl');
    writeFileSync(file, pickle(...content));
    const { findings } = findingsOf(await describeModel(file));
    return findings.map(({ level, code, message }) => `${level} ${code} ${message}`);
  };

  it('are looked for beside it', async () => {
    assert.match(
      String(await found('cscaling\nScaler\n)R.')),
      /warning missing-module .* no module `scaling` beside it/,
    );
    writeFileSync(join(folder, 'scaling.py'), '');
    assert.match(
      String(await found('cscaling\nScaler\n)R.')),
      /warning own-module .* in `scaling\.py` beside it/,
    );
    mkdirSync(join(folder, 'tools'));
    assert.match(String(await found('ctools.more\nScaler\n)R.')), /missing-module/);
    writeFileSync(join(folder, 'tools/more.py'), '');
    assert.match(String(await found('ctools.more\nScaler\n)R.')), /own-module .* in `tools\/` beside it/);
  });

  it('are surely missing where they are the script that wrote it', async () => {
    writeFileSync(join(folder, '__main__.py'), '');
    assert.match(
      String(await found('c__main__\nScaler\n)R.')),
      /missing-module .* missing wherever it is loaded/,
    );
  });

  it('may be taken from beside it in place of those that are known', async () => {
    mkdirSync(join(folder, 'numpy'));
    assert.match(String(await found('cnumpy\nndarray\n)R.')), /^info known-imports/);
    writeFileSync(join(folder, 'numpy.py'), '');
    assert.match(
      String(await found('cnumpy\nndarray\n)R.')),
      /^warning shadowed-module `numpy\.py` beside it/,
    );
  });

  it('have the names of Python 2 only in pickles of its time', async () => {
    const old = 'ccopy_reg\n_reconstructor\n(c__builtin__\nlist\nc__builtin__\nobject\nNtR.';
    assert.match(String(await found(old)), /^info known-imports/);
    assert.match(String(await found(0x80, 2, old)), /^info known-imports/);
    writeFileSync(join(folder, 'copy_reg.py'), '');
    assert.match(String(await found(0x80, 4, old)), /own-module .*`copy_reg\.py` beside it/);
    assert.match(String(await found(0x80, 2, 'N0', 0x80, 4, old)), /own-module/);
    assert.match(String(await found(0x80, 2, 'cStringIO\nopen\n.')), /danger dangerous-import/);
  });
});
