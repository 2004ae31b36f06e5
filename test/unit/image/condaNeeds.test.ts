import assert from 'node:assert/strict';
import { condaNeeds } from '../../../src/core/image/condaNeeds';

describe('what a conda.yaml asks for', () => {
  it('is told to pip by its names there, with the versions that are meant', () => {
    const text = `
name: mlflow-env
channels: [conda-forge]
dependencies:
  - python=3.11.4
  - pip<=23
  - scikit-learn=1.2
  - conda-forge::numpy==1.24.2
  - pandas=1.5.3=py311h
  - py-xgboost>=1.7, <2
  - libgomp
  - pip:
      - mlflow==2.9.2
      - cloudpickle
`;
    assert.deepEqual(condaNeeds(text, 'conda.yaml'), {
      python: '3.11.4',
      packages: [
        'scikit-learn==1.2.*',
        'numpy==1.24.2',
        'pandas==1.5.3',
        'xgboost>=1.7,<2',
        'mlflow==2.9.2',
        'cloudpickle',
      ],
    });
  });

  for (const text of ['dependencies: [', 'name: x', '- a']) {
    it(`is an error in words for ${JSON.stringify(text)}`, () => {
      assert.throws(() => condaNeeds(text, 'conda.yaml'), {
        code: 'build-failed',
        message: /^conda\.yaml can not be read: /,
      });
    });
  }
});
