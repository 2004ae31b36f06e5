import { resolve } from 'node:path';
import type { Deployment } from '../../../../src/core/release/deploy';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { Relay } from '../../../host/relay';
import { describeConformance } from '../../../targets/conformance';
import { deploymentOfIris, kubeconfigWith } from '../kubernetes/support';
import { addressOf, knative, kserveTargetOf, servicesOf, standard } from './support';

let api: KubernetesApi;
let deployment: Deployment;
let relay: Relay;
const kubeconfigs = { refused: '', relayed: '' };

for (const setup of [knative, standard]) describeIn(setup);

function describeIn(setup: KServeSetup): void {
  const child: string[] = [];
  describeConformance(`KServe in the mode ${setup.mode}`, {
    before: async () => {
      deployment = await deploymentOfIris();
      api = await KubernetesApi.start({ kserve: setup });
      relay = await Relay.start({ host: '127.0.0.1', port: Number(new URL(api.url).port) });
      kubeconfigs.refused = await kubeconfigWith(api, { token: 'of-nobody' });
      kubeconfigs.relayed = await kubeconfigWith(api, { server: `http://127.0.0.1:${relay.port}` });
      const script = resolve('test/unit/target/kserve/deployInChild.ts');
      child.push(process.execPath, '--import', 'tsx', script, api.kubeconfig);
    },
    target: () => kserveTargetOf(api),
    changed: () => kserveTargetOf(api, { resources: { requests: { cpu: '200m' } } }),
    broken: [
      {
        why: 'there is no kubeconfig',
        target: () => kserveTargetOf(api, { kubeconfig: '/nowhere' }),
        code: 'config-invalid',
      },
      {
        why: 'the credentials are wrong',
        target: () => kserveTargetOf(api, { kubeconfig: kubeconfigs.refused }),
        code: 'cluster-denied',
      },
    ],
    remote: {
      target: () => kserveTargetOf(api, { kubeconfig: kubeconfigs.relayed }),
      cut: () => relay.cut(),
      mend: () => relay.mend(),
      code: 'cluster-unreachable',
    },
    undivided: setup.mode === 'Standard',
    deployment: () => deployment,
    leftovers: () => {
      const now = (name: string) => (name.endsWith(' iris') ? ` ${JSON.stringify(addressOf(api))}` : '');
      return Promise.resolve(servicesOf(api).map((name) => name + now(name)));
    },
    cleanUp: () => {
      api.failures.clear();
      for (const { metadata } of api.store.list(api.kind('InferenceService'))) {
        api.store.remove(api.kind('InferenceService'), 'models', metadata.name);
      }
      return Promise.resolve();
    },
    endServer: (revision) => {
      const isOf = (labels: Record<string, string> = {}) =>
        labels['dev.slipway.revision'] === String(revision);
      for (const { metadata } of api.store.list(api.kind('Deployment'), 'models')) {
        const pods = api.pods(metadata.name).filter((pod) => isOf(pod.metadata.labels));
        if (pods.length === 0) continue;
        api.failures.set(metadata.name, { kind: 'CreateContainerConfigError', message: 'it is ended' });
        for (const pod of pods) api.controller.runnerOf('models', pod.metadata.name)?.kill();
        for (const pod of pods) api.controller.removePod('models', pod.metadata.name);
      }
      return Promise.resolve();
    },
    child,
    after: () => {
      relay.cut();
      return api.stop();
    },
  });
}
