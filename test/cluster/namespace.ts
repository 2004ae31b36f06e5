import {
  CoreV1Api,
  CustomObjectsApi,
  loadYaml,
  RbacAuthorizationV1Api,
  type KubeConfig,
  type KubernetesObject,
  type V1Role,
} from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { addOns, builtIn } from '../host/kubernetes/kinds';

/** The one that contexts and the page for this target name. */
export const namespace = 'models';

const written = ['Deployment', 'HorizontalPodAutoscaler', 'Ingress', 'PodDisruptionBudget'];
/** What a target makes there, but for Services. */
const kinds = [
  ...builtIn.filter(({ kind }) => written.includes(kind)),
  ...[addOns.gateway, addOns.prometheus, addOns.kserve],
];

/** Where releases are made, as the administrator sees it. */
export class ModelsNamespace {
  readonly #core: CoreV1Api;
  readonly #objects: CustomObjectsApi;

  constructor(private readonly admin: KubeConfig) {
    this.#core = admin.makeApiClient(CoreV1Api);
    this.#objects = admin.makeApiClient(CustomObjectsApi);
  }

  /** What somebody may do here is what the page for this target says, and pods hold to the profile that it names. */
  async make(user: string): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await this.#core.createNamespace({ body: { metadata: { name: namespace, labels } } });
    const page = await readFile('docs/targets/kubernetes.md', 'utf8');
    const [, text = ''] = /```yaml\n(apiVersion: rbac[^]*?)```/.exec(page) ?? [];
    const role: V1Role = loadYaml(text);
    const rbac = this.admin.makeApiClient(RbacAuthorizationV1Api);
    await rbac.createNamespacedRole({ namespace, body: role });
    const group = 'rbac.authorization.k8s.io';
    const body = {
      metadata: { name: 'slipway' },
      roleRef: { apiGroup: group, kind: 'Role', name: role.metadata?.name ?? '' },
      subjects: [{ apiGroup: group, kind: 'User', name: user }],
    };
    await rbac.createNamespacedRoleBinding({ namespace, body });
  }

  /** `Deployment iris-r1`, sorted: what there is but for pods and what Kubernetes makes itself. */
  async names(): Promise<string[]> {
    const services = await this.#core.listNamespacedService({ namespace });
    const found = services.items.map(({ metadata }) => `Service ${metadata?.name}`);
    for (const { kind, group, version, plural } of kinds) {
      const { items } = (await this.#objects.listNamespacedCustomObject({
        ...{ group, version, namespace, plural },
      })) as { items: KubernetesObject[] };
      found.push(...items.map(({ metadata }) => `${kind} ${metadata?.name}`));
    }
    return found.sort();
  }

  /** Removes all that, and resolves when the pods have gone too. */
  async clear(): Promise<void> {
    for (const each of await this.names()) {
      const [kind, name = ''] = each.split(' ');
      const served = kinds.find((one) => one.kind === kind);
      if (served) {
        const { group, version, plural } = served;
        await this.#objects.deleteNamespacedCustomObject({ group, version, namespace, plural, name });
      } else {
        await this.#core.deleteNamespacedService({ namespace, name });
      }
    }
    while ((await this.#core.listNamespacedPod({ namespace })).items.length > 0) await sleep(100);
  }
}
