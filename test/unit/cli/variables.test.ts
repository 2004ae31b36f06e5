import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inVariables } from '../../../src/cli/variables';

describe('the variables of the command line', () => {
  it('stand for every setting that the core speaks of', () => {
    const files = readdirSync('src/core', { recursive: true, encoding: 'utf8' });
    const settings = files
      .filter((name) => name.endsWith('.ts'))
      .flatMap(
        (name) => readFileSync(join('src/core', name), 'utf8').match(/\bslipway\.(?!json|ts)\w+\.\w+/g) ?? [],
      );
    assert.ok(settings.includes('slipway.docker.host'));
    for (const setting of new Set(settings)) assert.match(inVariables(setting), /^SLIPWAY_[A-Z_]+$/, setting);
  });

  it('are named in place of the settings', () => {
    assert.equal(
      inVariables('Correct slipway.docker.host, DOCKER_HOST or the "host" of the target in slipway.json.'),
      'Correct SLIPWAY_DOCKER_HOST, DOCKER_HOST or the "host" of the target in slipway.json.',
    );
  });
});
