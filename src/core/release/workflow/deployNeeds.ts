import type { TargetConfig } from '../../config/config';
import type { CertificateFiles } from '../../docker/engineLocation';
import { credentialKeyOf, parseRegistry } from '../../image/registry/repository';

/** What a CI job must have to deploy to a target. Secrets are the CI system's: none is part of this. */
export interface DeployNeeds {
  /**
   * Whose Docker engine is used: the one that `slipway.json` names for the target, the one that SLIPWAY_DOCKER_HOST has to name, or the job's own,
   * which builds images for clusters.
   */
  engine: 'named' | 'variable' | 'own';
  /** Whether the engine is reached by ssh; `perhaps` where SLIPWAY_DOCKER_HOST says it. */
  ssh: 'yes' | 'perhaps' | 'no';
  /** A context of Docker that the target names, which CI has to make first. */
  dockerContext?: string;
  /** Certificates for the engine: the files that `slipway.json` names, by the secrets that hold them. */
  certificates: { secret: string; path: string }[];
  /** The registry that images are pushed to: its host, and what Docker's configuration calls it. */
  registry?: { host: string; key: string };
  /** Where the kubeconfig is read: its path as the target has it, or undefined for KUBECONFIG. Absent where there is no cluster. */
  kubeconfig?: { path: string | undefined };
}

export function deployNeeds(target: TargetConfig): DeployNeeds {
  const registry = target.registry === undefined ? {} : { registry: registryOf(target.registry) };
  if (target.kind !== 'docker')
    return {
      engine: 'own',
      ssh: 'no',
      certificates: [],
      kubeconfig: { path: target.kubeconfig },
      ...registry,
    };
  const { host, context } = target;
  const of = { certificates: certificatesOf(target.tls), ...registry };
  if (host !== undefined) return { engine: 'named', ssh: host.startsWith('ssh://') ? 'yes' : 'no', ...of };
  if (context !== undefined) return { engine: 'named', ssh: 'no', dockerContext: context, ...of };
  return { engine: 'variable', ssh: 'perhaps', ...of };
}

function certificatesOf(tls: CertificateFiles = {}): DeployNeeds['certificates'] {
  return (['ca', 'cert', 'key'] as const).flatMap((part) => {
    const path = tls[part];
    return path === undefined ? [] : [{ secret: `DOCKER_TLS_${part.toUpperCase()}`, path }];
  });
}

function registryOf(text: string): { host: string; key: string } {
  const { host } = parseRegistry(text);
  return { host, key: credentialKeyOf(host) };
}
