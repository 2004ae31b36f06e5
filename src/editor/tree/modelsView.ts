import * as vscode from 'vscode';
import { DisposableStore } from '../../core/dispose';
import { findingsOf, type ModelDescription } from '../../core/model/describeModel';
import type { PickleScan } from '../../core/model/pickle/pickleScan';
import type { OnnxDescription } from '../../core/model/signature';
import { size } from '../../core/model/sizeWords';
import type { Model, Services } from '../services';
import type { Node } from './nodes';
import { contentNodes, pickleFacts, type Fact } from './pickleNodes';
import { samplesNodes } from './samplesNodes';
import type { TreeSource } from './view';

/** *Models*: the model files of the workspace, and what each takes, gives, is tested with and runs as. */
export function modelsView({ models, endpoints, targets }: Services): TreeSource {
  return {
    changes: [models.onChange, endpoints.onChange, targets.onChange],
    roots: async () => (await models.list()).map((model) => ({ kind: 'model', model })),
    children: (node) => {
      if (node.kind === 'group') return node.children;
      return node.kind === 'model' ? childrenOf(node.model) : [];
    },
    // What runs is shown below the models.
    watch: () => {
      const watching = new DisposableStore();
      watching.add(endpoints.watch());
      watching.add(targets.watch());
      return watching;
    },
    message: () =>
      vscode.workspace.isTrusted
        ? undefined
        : 'This workspace is not trusted: models are shown, but not run.',
  };

  async function childrenOf(model: Model): Promise<Node[]> {
    if (!model.description) {
      return [{ kind: 'detail', label: model.broken ?? 'It can not be read.', icon: 'error', wrong: true }];
    }
    const under = model.uri.toString();
    const served = endpoints.list().filter((endpoint) => endpoint.model.path === model.uri.fsPath);
    const deployed = targets
      .targets()
      .flatMap((target) => [...targets.releases(target), ...targets.lastKnown(target)])
      .filter((release) => release.model.name === model.name && release.state === 'serving');
    return [
      ...aboutNodes(model.description),
      { ...group('Samples', 'beaker', await samplesNodes(model)), context: 'samples', model },
      ...groupOfAny(
        'Endpoints',
        'server-process',
        served.map((endpoint) => ({ kind: 'endpoint', endpoint, under })),
      ),
      ...groupOfAny(
        'Releases',
        'rocket',
        deployed.map((release) => ({ kind: 'release', release, under })),
      ),
    ];
  }
}

function aboutNodes(description: ModelDescription): Node[] {
  if (description.kind === 'onnx') return aboutOnnx(description);
  const facts = factsOf(description).flatMap(([label, value]): Node[] =>
    value === undefined || value === ''
      ? []
      : [{ kind: 'detail', label, description: String(value), icon: 'info' }],
  );
  const findings = findingsOf(description).findings.map(({ level, message }): Node => ({
    kind: 'detail',
    label: message,
    icon: levels[level],
    wrong: level === 'danger',
  }));
  return [...facts, ...groupOfAny('Loading it', 'shield', findings), ...contentNodes(scansOf(description))];
}

function scansOf(description: ModelDescription): PickleScan[] {
  if (description.kind === 'pickle') return [description.scan];
  return description.kind === 'mlflow' ? description.scans.map(({ scan }) => scan) : [];
}

const levels = { danger: 'error', warning: 'warning', info: 'info' } as const;

/** What a model of Python says without being loaded. */
function factsOf(description: Exclude<ModelDescription, OnnxDescription>): Fact[] {
  const bytes = size(description.size);
  switch (description.kind) {
    case 'pickle':
      return pickleFacts(description.scan, bytes);
    case 'booster': {
      const { library, version, featureCount, featureNames } = description.facts;
      return [
        ['Features', featureNames?.join(', ') ?? featureCount],
        ['About', [bytes, libraries[library], version].filter(Boolean).join(' · ')],
      ];
    }
    case 'script':
      return [['About', `${bytes} · Python script`]];
    case 'mlflow': {
      const { loader, version } = description.facts;
      return [
        ['Loaded by', loader],
        ['About', [bytes, 'MLflow', version].filter(Boolean).join(' · ')],
      ];
    }
  }
}

const libraries = { xgboost: 'XGBoost', lightgbm: 'LightGBM' } as const;

function aboutOnnx(description: OnnxDescription): Node[] {
  const { signature, opsets, producer, producerVersion } = description;
  const opset = opsets.map(({ domain, version }) =>
    domain === 'ai.onnx' ? `opset ${version}` : `${domain} ${version}`,
  );
  const about = [size(description.size), ...opset, `${producer} ${producerVersion}`.trim()];
  return [
    group(
      'Inputs',
      'sign-in',
      signature.inputs.map((tensor) => ({ kind: 'tensor', tensor, role: 'input' })),
    ),
    group(
      'Outputs',
      'sign-out',
      signature.outputs.map((tensor) => ({ kind: 'tensor', tensor, role: 'output' })),
    ),
    { kind: 'detail', label: 'About', description: about.filter(Boolean).join(' · '), icon: 'info' },
  ];
}

function group(title: string, icon: string, children: Node[]) {
  return { kind: 'group' as const, title, icon, children };
}

function groupOfAny(title: string, icon: string, children: Node[]): Node[] {
  return children.length > 0 ? [group(title, icon, children)] : [];
}
