import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findCases, ownCases, unpack } from '../../conformance/cases';
import { readTensorProto, writeTensorProto } from '../../conformance/tensorProto';
import { isGood, judge, tryCases } from '../../conformance/verdict';
import type { Plain, Tried, Verdict } from '../../conformance/verdict';
import { skip } from '../../host/skip';
import { temporaryFolder } from '../../host/workspace';
import { hostile, stopServers } from './support/serverProcess';

const archive = '../shared/onnx-backend-cases.tar.gz';
/** Of the archive's cases, so many are tried here. */
const sampled = 40;

const names = (tried: Tried[]) => [...new Set(tried.map(({ name }) => name))];
const words = ({ all }: Verdict) =>
  all
    .filter(({ result }) => result !== 'passed')
    .map(({ name, way, result, detail }) => `${name} (${way}): ${result}, ${detail}`)
    .join('\n');

describe('conformance', () => {
  after(stopServers);

  it('loses none of its own cases', async function () {
    this.timeout(120_000);
    const cases = findCases(ownCases);
    assert.equal(cases.length, 10);
    const verdict = judge(await tryCases(cases), passing(cases));
    assert.ok(isGood(verdict), words(verdict));
    assert.equal(verdict.all.filter(({ result }) => result === 'passed').length, 20, words(verdict));
  });

  it('notices a case that is answered wrongly or refused, unless the runtime does no better', async function () {
    this.timeout(120_000);
    const folder = await temporaryFolder('conformance');
    for (const name of ['lookup', 'iris', 'loop'])
      await cp(join(ownCases, name), join(folder, name), { recursive: true });
    await mkdir(join(folder, 'refused'));
    await copyFile(hostile('int4-output'), join(folder, 'refused', 'model.onnx'));
    for (const name of ['lookup', 'loop']) spoil(join(folder, name, 'test_data_set_0', 'output_0.pb'));
    const cases = findCases(folder);
    const outcomes = await tryCases(cases);

    const plain = passing(cases);
    const verdict = judge(outcomes, plain);
    assert.ok(!isGood(verdict));
    assert.deepEqual(names(verdict.lost), ['lookup', 'loop', 'refused']);
    assert.deepEqual(names(verdict.wrong), ['lookup', 'loop']);
    assert.equal(verdict.lost.length, 6, 'in both ways');
    assert.match(verdict.wrong[0]?.detail ?? '', /^"found": \d+ instead of \d+ at 0$/);

    const asRuntime = judge(outcomes, { ...plain, lookup: 'fail', loop: 'fail', refused: 'unsupported' });
    assert.ok(isGood(asRuntime), words(asRuntime));
    assert.deepEqual(names(asRuntime.known), ['lookup', 'loop']);
    assert.ok(!isGood(judge(new Map(), plain)), 'no cases are no success');
  });

  it(`loses none of ${sampled} cases of ONNX`, async function () {
    this.timeout(180_000);
    if (!existsSync(archive)) skip(this, `there is no ${archive}`);
    const plain = JSON.parse(readFileSync(archive.replace(/\.tar\.gz$/, '.json'), 'utf8')) as Plain;
    const all = findCases(await unpack(archive)).filter(({ name }) => plain[name] === 'pass');
    const cases = all.filter((_, index) => index % Math.ceil(all.length / sampled) === 0);
    assert.ok(cases.length >= sampled - 1, `${cases.length} of ${all.length}`);
    const verdict = judge(await tryCases(cases), plain);
    assert.ok(isGood(verdict), words(verdict));
  });
});

function passing(cases: { name: string }[]): Plain {
  return Object.fromEntries(cases.map(({ name }) => [name, 'pass']));
}

/** Has a tensor of whole numbers begin with another one. */
function spoil(file: string): void {
  const tensor = readTensorProto(readFileSync(file));
  tensor.values[0] = (tensor.values[0] as bigint) + 1n;
  writeFileSync(file, writeTensorProto(tensor));
}
