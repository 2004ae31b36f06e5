import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { EstimatorFacts, PickleClass } from '../../../../src/core/model/pickle/pickleScan';
import { scanPickle } from '../../../../src/core/model/pickle/scanPickle';
import { codes, fixture, pickle, scanBytes, text, verdicts } from './pickles';

interface Known extends EstimatorFacts {
  root: PickleClass;
  format: string;
  protocol: number;
}

const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as {
  versions: { sklearn: string; xgboost: string };
  files: Record<string, Known>;
};

describe('pickles that scikit-learn, joblib and xgboost wrote', () => {
  for (const [name, known] of Object.entries(expected.files)) {
    it(`${name} is read as its model described itself`, async () => {
      const scan = await scanPickle(fixture(name));

      const unjudged = scan.imports.filter(({ verdict }) => verdict !== 'allowed');
      assert.deepEqual(unjudged, []);
      assert.ok(scan.imports.length > 0);
      assert.deepEqual(codes(scan), ['known-imports']);
      assert.equal(scan.complete, true);
      assert.equal(scan.format, known.format);
      // Protocol 1 announces itself no more than 0 does; joblib's arrays of objects are pickles of protocol 2.
      const hasObjects = scan.format === 'joblib' && known.featureNames ? 2 : 0;
      assert.equal(scan.protocol, known.protocol < 2 ? hasObjects : known.protocol);
      assert.deepEqual(scan.root, known.root);
      assert.deepEqual(scan.customClasses, []);

      const { sklearn, xgboost } = expected.versions;
      assert.deepEqual(scan.versions, name === 'xgboost.pkl' ? { xgboost } : { sklearn });
      const { featureCount, featureNames, classes, steps } = scan.estimator;
      if (name !== 'xgboost.pkl') assert.equal(featureCount, known.featureCount);
      assert.deepEqual(featureNames, known.featureNames);
      assert.deepEqual(classes, known.classes);
      assert.deepEqual(steps, known.steps);
    });
  }

  for (const name of ['logistic-0.pkl', 'logistic-5.pkl', 'logistic.joblib', 'logistic.joblib.z']) {
    it(`${name} has its arrays with dtype and shape`, async () => {
      const { arrays } = await scanPickle(fixture(name));
      assert.deepEqual(arrays, [
        { dtype: '<i8', shape: [3] },
        { dtype: '<i4', shape: [1] },
        { dtype: '<f8', shape: [3, 4] },
        { dtype: '<f8', shape: [3] },
      ]);
    });
  }

  for (const [ending, compression] of Object.entries({ z: 'zlib', gz: 'gzip', xz: 'xz' })) {
    it(`is unpacked from ${compression}`, async () => {
      const scan = await scanPickle(fixture(`forest.joblib.${ending}`));
      assert.equal(scan.compression, compression);
      assert.equal(scan.arrays.length, 13);
    });
  }

  for (const kind of ['xz', 'bz2', 'lzma']) {
    it(`is unpacked from ${kind} by Python`, async () => {
      const packed = await scanPickle(fixture(`logistic.joblib.${kind}`), undefined, '/usr/bin/python3');
      const plain = await scanPickle(fixture('logistic.joblib'));
      assert.deepEqual(packed, { ...plain, compression: kind });
    });

    it(`says that ${kind} can not be looked into where there is no Python`, async () => {
      const scan = await scanPickle(fixture(`logistic.joblib.${kind}`), undefined, '/nowhere/python3');
      assert.equal(scan.compression, kind);
      assert.equal(scan.complete, false);
      assert.deepEqual(codes(scan), ['compression']);
      assert.match(
        scan.findings[0]?.message ?? '',
        new RegExp(`compressed with ${kind}, which can not be looked into`),
      );
    });
  }

  it('says that lz4 can not be looked into, whoever is there', async () => {
    const scan = await scanPickle(fixture('logistic.joblib.lz4'), undefined, '/usr/bin/python3');
    assert.equal(scan.compression, 'lz4');
    assert.equal(scan.complete, false);
    assert.deepEqual(scan.imports, []);
    assert.deepEqual(
      scan.findings.map(({ level, code }) => [level, code]),
      [['warning', 'compression']],
    );
    assert.match(
      scan.findings[0]?.message ?? '',
      /^It is compressed with lz4, which can not be looked into\. Save it with zlib or without/,
    );
  });

  for (const name of [
    'encoder.joblib',
    'encoder.joblib.z',
    'labels.joblib',
    'columns.joblib',
    'categories.joblib',
    'words.joblib',
  ]) {
    it(`${name} of newer libraries holds nothing that is not known`, async () => {
      const scan = await scanPickle(fixture(`newer/${name}`));
      assert.deepEqual(codes(scan), ['known-imports']);
      assert.deepEqual(
        scan.imports.filter(({ verdict }) => verdict !== 'allowed'),
        [],
      );
      assert.equal(scan.complete, true);
    });
  }

  it('never says that a file is safe', async () => {
    const scan = await scanPickle(fixture('pipeline-4.pkl'));
    const said = scan.findings.map(({ message }) => message).join();
    assert.equal(said, 'It would import names of numpy, sklearn. Nothing known to be dangerous was seen.');
  });
});

describe('pickles of classes and of other things', () => {
  it('names a class of the script that wrote it', async () => {
    const scan = await scanPickle(fixture('by-reference.pkl'));
    assert.deepEqual(scan.customClasses, ['__main__.ByReference']);
    assert.deepEqual(scan.root, { module: '__main__', name: 'ByReference' });
    assert.deepEqual(codes(scan), ['missing-module']);
  });

  it('says that a class by value carries code', async () => {
    const scan = await scanPickle(fixture('by-value.pkl'));
    assert.deepEqual(scan.root, { module: '__main__', name: 'ByValue' });
    assert.deepEqual(scan.customClasses, ['__main__.ByValue']);
    assert.ok(codes(scan, 'warning').includes('carries-code'));
    assert.deepEqual(codes(scan, 'danger'), []);
    assert.equal(verdicts(scan)['cloudpickle.cloudpickle._make_function'], 'unknown');
    assert.equal(scan.complete, true);
  });

  it('judges a module that cloudpickle imports by its name', async () => {
    const subimport = (module: string) =>
      scanBytes(pickle(0x80, 4, 'ccloudpickle.cloudpickle\nsubimport\n', text(module), 0x85, 'R.'));
    assert.deepEqual(codes(await subimport('numpy')), ['known-imports']);
    const own = await subimport('my_tools');
    assert.deepEqual(codes(own), ['missing-module']);
    assert.deepEqual(own.customClasses, ['my_tools']);
  });

  it('reads data frames, arrays of objects and archives of arrays', async () => {
    const frame = await scanPickle(fixture('dataframe.pkl'));
    assert.deepEqual(frame.root, { module: 'pandas.core.frame', name: 'DataFrame' });
    assert.deepEqual(codes(frame), ['known-imports']);

    const objects = await scanPickle(fixture('objects.npy'));
    assert.equal(objects.format, 'npy');
    assert.deepEqual(objects.arrays[1], { dtype: '|O', shape: [2] });
    assert.deepEqual(codes(objects), ['known-imports']);

    const archive = await scanPickle(fixture('arrays.npz'));
    assert.equal(archive.format, 'zip');
    assert.deepEqual(archive.imports[0]?.member, 'objects.npy');
    assert.deepEqual(archive.arrays[0], { dtype: '<i8', shape: [3] });
  });
});
