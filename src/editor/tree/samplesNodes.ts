import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { parseSamples } from '../../core/sample/samplesFile';
import { withKeys } from '../sample/samplesDocuments';
import type { Model } from '../services';
import type { DetailNode, Node } from './nodes';

/** The samples of a model, as the file on disk has them. */
export async function samplesNodes(model: Model): Promise<Node[]> {
  const { samples } = model;
  let text: string;
  try {
    text = Buffer.from(await vscode.workspace.fs.readFile(samples)).toString();
  } catch {
    return [detail('No samples yet', 'click to make some', commands.newSamples, model)];
  }
  const file = parseSamples(text);
  const found: Node[] = withKeys(file.samples).map(({ key }) => ({ kind: 'sample', samples, key }));
  const [problem] = file.problems;
  if (!problem) return found;
  const wrong = detail('The file has errors', problem.message, commands.openSamples, model);
  return [...found, { ...wrong, wrong: true }];
}

function detail(label: string, description: string, command: string, model: Model): DetailNode {
  const click = { command, title: label, arguments: [model] };
  return { kind: 'detail', label, description, icon: 'new-file', command: click };
}
