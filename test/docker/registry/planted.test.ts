import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { labels } from '../../../src/core/docker/labels';
import { startRegistry, type TestRegistry } from '../../host/registry';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { slipway } from '../../unit/cli/support';
import { baseImages, ensureBaseImages } from '../../host/baseImages';
import { cleanUp, docker } from '../target/support';
import { forgetImages } from './support';

const name = 'planted-test';
const password = 'planted4711-registry';
const token = 'planted4711-token';

describe('what is secret on a Docker engine', () => {
  let registry: TestRegistry;
  let workspace: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    await ensureBaseImages(docker);
    await cleanUp(name);
    registry = await startRegistry({ user: { name: 'ada', password } });
    const folder = await temporaryFolder('planted');
    const config = join(folder, 'docker');
    await mkdir(config);
    const auth = Buffer.from(`ada:${password}`).toString('base64');
    await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    workspace = await copyWorkspace(join(folder, 'workspace'));
    const targets = { [name]: { kind: 'docker', memoryMiB: 512, registry: `${registry.host}/models` } };
    await writeFile(join(workspace, 'slipway.json'), JSON.stringify({ targets }));
    env = { DOCKER_CONFIG: config, SLIPWAY_TOKEN: token, SLIPWAY_NODE_BASE: baseImages.node };
  });
  after(async () => {
    await cleanUp(name);
    await forgetImages(registry.host);
    await registry.remove();
  });

  it('is neither printed by a deploy nor kept with a release, its image and its proxy', async () => {
    const deploy = ['deploy', 'models/iris.onnx', '--target', name, '--json'];
    const deployed = await slipway(deploy, workspace, { env });
    assert.equal(deployed.code, 0, deployed.err);
    const samples = join(workspace, 'models/iris.samples.json');
    const impossible = (await readFile(samples, 'utf8')).replace(/"label": \[\d\]/, '"label": [7]');
    await writeFile(samples, impossible);
    const failed = await slipway(deploy, workspace, { env });
    assert.equal(failed.code, 3, failed.err);
    const listed = await slipway(['releases', '--json'], workspace, { env });
    const kept = { all: true, filters: { label: [`${labels.target}=${name}`] } };
    const containers = await docker.listContainers(kept);
    assert.equal(containers.length, 2);
    const inspected = await Promise.all(
      containers.flatMap(({ Id, ImageID }) => [
        docker.getContainer(Id).inspect(),
        docker.getImage(ImageID).inspect(),
        docker.getImage(ImageID).history(),
        docker.getContainer(Id).logs({ stdout: true, stderr: true }).then(String),
      ]),
    );
    const told = inspect([deployed, failed, listed, inspected], { depth: Infinity, maxStringLength: null });
    assert.match(told, /dev\.slipway\.settings/);
    assert.doesNotMatch(told, /planted4711/);
  });
});
