import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, parseConfig } from '../../../src/core/config/config';
import {
  configuredArguments,
  configuredPlace,
  configuredSamples,
  modelName,
} from '../../../src/core/config/modelName';
import { fixtures } from '../fixtures';

describe('slipway.json', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-config-'))));
  after(() => rm(folder, { recursive: true }));

  it("is read: the sample workspace's names two targets", async () => {
    const config = await loadConfig(join(fixtures, 'workspace/slipway.json'));
    assert.deepEqual(Object.keys(config?.targets ?? {}), ['staging', 'production']);
    const staging = config?.targets['staging'];
    assert.ok(staging?.kind === 'docker');
    assert.equal(staging.ports?.['iris'], 8601);
  });

  it('may be absent', async () => {
    assert.equal(await loadConfig(join(folder, 'slipway.json')), undefined);
  });

  for (const [what, text, at, words] of [
    ['a wrong kind', '{"targets": {"a": {"kind": "dokcer"}}}', '"dokcer"', /docker/],
    [
      'an unknown property',
      '{"targets": {"a": {"kind": "docker", "prot": 1}}}',
      '"prot"',
      /no property "prot"/,
    ],
    [
      'a port that is none',
      '{"targets": {"a": {"kind": "docker", "ports": {"m": 70000}}}}',
      '70000',
      /65535/,
    ],
    [
      'a name that Docker refuses',
      '{"targets": {"My Target": {"kind": "docker"}}}',
      '"My Target"',
      /small letters/,
    ],
    [
      'an address with a password',
      '{"targets": {"a": {"kind": "docker", "host": "tcp://ada:planted@10.0.0.7"}}}',
      '"tcp://ada:planted@10.0.0.7"',
      /^No engine takes a password in its address/,
    ],
    ['a missing comma', '{"targets": {} "models": {}}', '"models"', /comma is expected/],
    ['a target without a kind', '{"targets": {"a": {}}}', '"a"', /"kind" is missing/],
    ['a name that stands twice', '{"targets": {}, "targets": {}}', '"targets"', /stands here twice/],
    [
      'an address that is none',
      '{"targets": {"a": {"kind": "docker", "bind": "host"}}}',
      '"host"',
      /IP address/,
    ],
    [
      'machines that stand in two fields',
      '{"targets": {"a": {"kind": "docker", "platform": "linux/amd64", "platforms": ["linux/arm64"]}}}',
      '{"kind"',
      /^Only one of "platform" and "platforms" can be/,
    ],
    [
      'machines that stand here twice',
      '{"targets": {"a": {"kind": "kubernetes", "registry": "r.io", "platforms": ["linux/arm64", "linux/arm64"]}}}',
      '["linux',
      /^Each may stand here once/,
    ],
    [
      'several machines without a registry',
      '{"targets": {"a": {"kind": "docker", "platforms": ["linux/amd64", "linux/arm64"]}}}',
      '{"kind"',
      /^Images for several "platforms" need a "registry"/,
    ],
    [
      'a path of an Ingress that no server answers at',
      '{"targets": {"a": {"kind": "kubernetes", "registry": "r.io", "ingress": {"host": "h", "path": "/iris"}}}}',
      '"/iris"',
      /answers at "\/" alone.*\{model\}\.example\.com/,
    ],
    [
      'a host with an unknown placeholder',
      '{"targets": {"a": {"kind": "kubernetes", "registry": "r.io", "ingress": {"host": "{name}.example.com"}}}}',
      '"{name}',
      /Expected the name of a host/,
    ],
    [
      'a port that two models share',
      '{"targets": {"a": {"kind": "docker", "ports": {"m": 8601}}, "b": {"kind": "docker", "ports": {"n": 8601}}}}',
      '8601',
      /already the port of "m" on "a"/,
    ],
  ] as const) {
    it(`marks ${what} where it stands`, () => {
      const { config, problems } = parseConfig(text);
      assert.equal(config, undefined);
      const { range, message } = problems[0] ?? assert.fail('there is no problem');
      assert.match(message, words);
      assert.equal(range.offset, text.lastIndexOf(at));
    });
  }

  it('may name a model in a host', () => {
    const target = (more: string) =>
      `{"targets": {"a": {"kind": "kubernetes", "registry": "r.io", ${more}}}}`;
    for (const more of [
      '"ingress": {"host": "{model}.example.com", "path": "/"}',
      '"serviceMonitor": {"labels": {"release": "prometheus"}}',
      '"serviceMonitor": true',
      '"gateway": {"name": "g", "host": "models-{model}.example.com"}',
    ])
      assert.deepEqual(parseConfig(target(more)).problems, []);
  });

  it('may name no targets', () => {
    assert.deepEqual(parseConfig('{}'), { config: { targets: {} }, problems: [] });
  });

  it('may start with a byte order mark', () => {
    assert.deepEqual(parseConfig('\uFEFF{"targets": {}}'), { config: { targets: {} }, problems: [] });
  });

  it('fails to load with file, line and column', async () => {
    const file = join(folder, 'slipway.json');
    await writeFile(
      file,
      '{\n  "targets": {\n    "staging": { "kind": "docker", "memoryMiB": "1G" }\n  }\n}\n',
    );
    await assert.rejects(loadConfig(file), {
      code: 'config-invalid',
      message: /^slipway\.json:3:49: Expected number/,
    });
  });

  it('names models', () => {
    const { config } = parseConfig(
      '{"models": {"fraud": {"path": "m/f.onnx", "samples": "s.json"}}, "targets": {}}',
    );
    assert.equal(modelName('/w/m/f.onnx', config, '/w'), 'fraud');
    assert.equal(configuredSamples('/w/m/f.onnx', config, '/w'), '/w/s.json');
    assert.equal(modelName('/w/My Model_v2.onnx', config, '/w'), 'my-model-v2');
    assert.equal(configuredSamples('/w/My Model_v2.onnx', config, '/w'), undefined);
  });

  it('says how a model is run, and where a pickle is loaded', () => {
    const server = { instances: 2, maxBatch: 1, executionProviders: ['cuda', 'cpu'], network: true };
    const models = { fraud: { path: 'f.pkl', run: 'process', server }, other: { path: 'o.onnx' } };
    const { config } = parseConfig(JSON.stringify({ models }));
    assert.equal(configuredPlace('/w/f.pkl', config, '/w'), 'process');
    assert.equal(configuredPlace('/w/o.onnx', config, '/w'), undefined);
    assert.deepEqual(
      configuredArguments('/w/f.pkl', config, '/w').join(' '),
      '--instances 2 --max-batch 1 --execution-providers cuda,cpu --network any',
    );
    assert.deepEqual(configuredArguments('/w/o.onnx', config, '/w'), []);
  });
});
