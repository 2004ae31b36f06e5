import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { verdictOf } from '../../../../src/core/model/pickle/verdict';

const estimators = `
from sklearn.utils import all_estimators
for _, cls in all_estimators():
    print(cls.__module__, cls.__name__)
`;

describe('the verdict over a name', () => {
  it('allows all estimators of scikit-learn', () => {
    const lines = execFileSync('/usr/bin/python3', ['-W', 'ignore', '-c', estimators])
      .toString()
      .trim()
      .split('\n');
    assert.ok(lines.length > 150);
    const unknown = lines.filter((line) => {
      const [module = '', name = ''] = line.split(' ');
      return verdictOf(module, name) !== 'allowed';
    });
    assert.deepEqual(unknown, []);
  });

  it('does not allow what a module of scikit-learn has from elsewhere, or what it will bring', () => {
    const names: Record<string, string[]> = {
      dangerous: [
        'callback._transport Client',
        'callback._transport Listener',
        'callback._progressbar Thread',
      ],
      unknown: [
        'callback._progressbar Queue',
        'cluster._bicluster ABCMeta',
        '_cyutility Enum',
        'utils._encode NamedTuple',
        'preprocessing._polynomial BSpline',
        'ensemble._new NewForest',
      ],
    };
    for (const [verdict, all] of Object.entries(names)) {
      for (const each of all) {
        const [module = '', name = ''] = each.split(' ');
        assert.equal(verdictOf(`sklearn.${module}`, name), verdict, each);
      }
    }
  });
});
