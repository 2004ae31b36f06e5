import { resolve } from 'node:path';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { describeConformance } from '../../../targets/conformance';
import { Relay } from '../../../host/relay';
import { deploymentOfIris, kubeconfigWith, targetOf } from './support';
import type { Deployment } from '../../../../src/core/release/deploy';

let api: KubernetesApi;
let deployment: Deployment;
let relay: Relay;
const kubeconfigs = { refused: '', relayed: '' };
const child: string[] = [];

describeConformance('a Kubernetes target', {
  before: async () => {
    deployment = await deploymentOfIris();
    api = await KubernetesApi.start();
    relay = await Relay.start({ host: '127.0.0.1', port: Number(new URL(api.url).port) });
    kubeconfigs.refused = await kubeconfigWith(api, { token: 'of-nobody' });
    kubeconfigs.relayed = await kubeconfigWith(api, { server: `http://127.0.0.1:${relay.port}` });
    child.push(
      process.execPath,
      '--import',
      'tsx',
      resolve('test/unit/target/kubernetes/deployInChild.ts'),
      api.kubeconfig,
    );
  },
  target: () => targetOf(api),
  changed: () => targetOf(api, { resources: { requests: { cpu: '200m' } } }),
  broken: [
    {
      why: 'there is no kubeconfig',
      target: () => targetOf(api, { kubeconfig: '/nowhere' }),
      code: 'config-invalid',
    },
    {
      why: 'the credentials are wrong',
      target: () => targetOf(api, { kubeconfig: kubeconfigs.refused }),
      code: 'cluster-denied',
    },
  ],
  remote: {
    target: () => targetOf(api, { kubeconfig: kubeconfigs.relayed }),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
    code: 'cluster-unreachable',
  },
  deployment: () => deployment,
  leftovers: () => Promise.resolve(api.names()),
  cleanUp: () => {
    api.failures.clear();
    for (const name of api.names()) {
      const [kind = '', object = ''] = name.split(' ');
      api.store.remove(api.kind(kind), 'models', object);
    }
    return Promise.resolve();
  },
  endServer: (revision) => {
    const name = `iris-r${revision}`;
    api.failures.set(name, { kind: 'CreateContainerConfigError', message: 'it is ended' });
    for (const pod of api.pods(name)) api.controller.runnerOf('models', pod.metadata.name)?.kill();
    for (const pod of api.pods(name)) api.controller.removePod('models', pod.metadata.name);
    return Promise.resolve();
  },
  child,
  after: () => {
    relay.cut();
    return api.stop();
  },
});
