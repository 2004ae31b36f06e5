import * as vscode from 'vscode';
import { parseSamples } from '../../core/sample/samplesFile';
import { withKeys } from '../sample/samplesDocuments';
import type { Model, Services } from '../services';
import { size } from '../words';
import type { Node } from './nodes';
import type { TreeSource } from './view';

/** *Models*: the model files of the workspace, and what each takes, gives, is tested with and runs as. */
export function modelsView({ models, endpoints, targets }: Services): TreeSource {
  return {
    changes: [models.onChange, endpoints.onChange, targets.onChange],
    roots: async () => (await models.list()).map((model) => ({ kind: 'model', model })),
    children: async (node) => {
      if (node.kind === 'group') return node.children;
      return node.kind === 'model' ? childrenOf(node.model) : [];
    },
  };

  async function childrenOf(model: Model): Promise<Node[]> {
    const { description } = model;
    if (!description) return [];
    const tensors = (role: 'input' | 'output', specs: typeof description.signature.inputs): Node[] =>
      specs.map((tensor) => ({ kind: 'tensor', tensor, role }));
    const { signature, opsets, producer, producerVersion } = description;
    const opset = opsets.map(({ domain, version }) =>
      domain === 'ai.onnx' ? `opset ${version}` : `${domain} ${version}`,
    );
    const about = [size(description.size), ...opset, `${producer} ${producerVersion}`.trim()].filter(Boolean);
    const samples = await samplesOf(model);
    const served = endpoints.list().filter((endpoint) => endpoint.model.path === model.uri.fsPath);
    const releases = targets.targets().flatMap((target) => targets.releases(target));
    const deployed = releases.filter(
      (release) => release.model.name === model.name && release.state === 'serving',
    );
    const groups: Node[] = [
      {
        kind: 'group',
        title: 'Inputs',
        icon: 'sign-in',
        expanded: true,
        children: tensors('input', signature.inputs),
      },
      {
        kind: 'group',
        title: 'Outputs',
        icon: 'sign-out',
        expanded: true,
        children: tensors('output', signature.outputs),
      },
      { kind: 'detail', label: 'About', description: about.join(' · '), icon: 'info' },
      {
        kind: 'group',
        title: 'Samples',
        icon: 'beaker',
        expanded: true,
        context: 'samples',
        children: samples,
        model,
      },
    ];
    if (served.length > 0) {
      const children: Node[] = served.map((endpoint) => ({ kind: 'endpoint', endpoint }));
      groups.push({ kind: 'group', title: 'Endpoints', icon: 'server-process', expanded: true, children });
    }
    if (deployed.length > 0) {
      const children: Node[] = deployed.map((release) => ({ kind: 'release', release }));
      groups.push({ kind: 'group', title: 'Releases', icon: 'rocket', expanded: true, children });
    }
    return groups;
  }
}

async function samplesOf({ samples }: Model): Promise<Node[]> {
  let text: string;
  try {
    text = Buffer.from(await vscode.workspace.fs.readFile(samples)).toString();
  } catch {
    return [];
  }
  return withKeys(parseSamples(text).samples).map(({ key }) => ({ kind: 'sample', samples, key }));
}
