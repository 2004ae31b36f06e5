/** What is bundled of the official client: the generated classes for all kinds of objects are left out. */
export { KubeConfig } from '@kubernetes/client-node/dist/config.js';
export { PortForward } from '@kubernetes/client-node/dist/portforward.js';
export { dumpYaml } from '@kubernetes/client-node/dist/yaml.js';
