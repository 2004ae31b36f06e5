import { hostname, userInfo } from 'node:os';
import { loadClient } from './client';
import type { ReleaseRequest } from '../target';
import { addressCompanions, addressService, revisionService } from './addressManifests';
import { deploymentOf } from './deploymentManifest';
import type { KubeObject } from './objects';
import type { KubernetesConfig } from './options';
import { yamlOf } from './yaml';

/** In Git the history tells revisions apart: there it is always the same one that changes. */
const REVISION = 1;

/** What a deploy and its promotion would apply, as YAML by file. */
export function manifestsOf(
  target: string,
  config: KubernetesConfig,
  request: ReleaseRequest,
  image: string,
): Record<string, string> {
  const of = { target, model: request.model.name };
  const origin = { author: `${userInfo().username}@${hostname()}`, created: new Date() };
  const traffic = { serving: REVISION };
  const deployment = deploymentOf(config, { target, request, image, revision: REVISION, origin });
  // A number here would take back what the autoscaler did, with each change in Git.
  if (config.autoscale) delete deployment.spec.replicas;
  const objects = [
    deployment,
    addressService(of, traffic, REVISION),
    ...addressCompanions(config, of, traffic),
  ];
  return {
    ...filesOf(objects, config.namespace),
    ...(config.gateway && {
      'service-r1.yaml': yamlOf(placed(revisionService(of, REVISION), config.namespace)),
    }),
  };
}

/** YAML of objects by the names of their kinds: `deployment.yaml`. */
export function filesOf(objects: KubeObject[], namespace: string | undefined): Record<string, string> {
  return Object.fromEntries(objects.map((object) => [fileName(object), yamlOf(placed(object, namespace))]));
}

/** Files with the list of what belongs together, for `kubectl apply -k` and those who read the same. */
export function kustomized(files: Record<string, string>): Record<string, string> {
  const kustomization = loadClient().dumpYaml({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: Object.keys(files),
  });
  return { ...files, 'kustomization.yaml': kustomization };
}

export function fileName({ kind }: KubeObject): string {
  return `${kind.toLowerCase()}.yaml`;
}

function placed(object: KubeObject, namespace: string | undefined): KubeObject {
  if (namespace === undefined) return object;
  const { name, ...metadata } = object.metadata;
  return { ...object, metadata: { name, namespace, ...metadata } };
}
