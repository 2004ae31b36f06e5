import type Docker from 'dockerode';
import { BlockList, isIP } from 'node:net';
import { engineInfo } from './engineFacts';

/** The part of the engine's answer to `info` that is about registries. */
interface RegistryConfig {
  /** By host, with port where it has one. */
  IndexConfigs?: Record<string, { Secure?: boolean } | undefined> | null;
  InsecureRegistryCIDRs?: string[] | null;
}

/** Whether an engine was told (`insecure-registries`) that the registry at a host, such as `10.0.0.7:5000`, may do without TLS. */
export async function maySpeakPlainly(docker: Docker, host: string, signal: AbortSignal): Promise<boolean> {
  const { RegistryConfig: config } = await engineInfo<{ RegistryConfig: RegistryConfig | null }>(
    docker,
    signal,
  );
  if (config?.IndexConfigs?.[host]?.Secure === false) return true;
  const address = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return false;
  const networks = new BlockList();
  for (const network of config?.InsecureRegistryCIDRs ?? []) {
    const [base = '', bits] = network.split('/');
    networks.addSubnet(base, Number(bits), familyOf(base));
  }
  return networks.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
