import { exampleValues } from '../../core/sample/generate';
import { UserError } from '../../core/errors';
import { curlCommand } from '../../core/inference/curl';
import { defaultTolerance, parseSamples } from '../../core/sample/samplesFile';
import { sampleTensors } from '../../core/sample/sampleTensors';
import type { Sample } from '../../core/sample/sample';
import * as vscode from 'vscode';
import { pickEndpoint } from '../picks';
import type { ModelServer } from '../sample/modelServer';
import { signatureOf } from '../servedModel';
import type { Model, Services } from '../services';
import { endpointOf, releaseOf, type Given } from './subject';

/** The running server that is meant: an endpoint, a release, or the endpoint that the person picks. */
export async function serverOf(given: Given, services: Services): Promise<ModelServer | undefined> {
  const release = releaseOf(given);
  if (release) {
    const url = release.state === 'serving' ? (release.stableUrl ?? release.url) : release.url;
    return running(`${release.model.name} r${release.revision} on ${release.target}`, url, release.model);
  }
  const endpoint =
    endpointOf(given) ?? (await pickEndpoint(services, 'Which endpoint?', ({ url }) => url !== undefined));
  return endpoint && running(endpoint.model.name, endpoint.url, endpoint.model);
}

/** A shell command that predicts with the first sample of the server's model, or with example values. */
export async function curlOf({ url, model }: ModelServer, services: Services): Promise<string> {
  const found = await services.models.get(vscode.Uri.file(model.path));
  const signature = signatureOf(found);
  const inputs = Object.fromEntries(signature.inputs.map((spec) => [spec.name, exampleValues(spec)]));
  const sample = (await samplesIn(found))[0] ?? { name: 'example', inputs, ...defaultTolerance };
  return curlCommand(url, model.name, sampleTensors(signature, sample));
}

/** The samples of a model as its file (or the editor that changes it) has them; none when there is no file. */
export async function samplesIn({ samples }: Model): Promise<Sample[]> {
  const document = await vscode.workspace.openTextDocument(samples).then(
    (opened) => opened,
    () => undefined,
  );
  if (!document) return [];
  const { samples: found, problems } = parseSamples(document.getText());
  const first = problems[0];
  if (!first) return found;
  const { line } = document.positionAt(first.range.offset);
  throw new UserError(
    'sample-invalid',
    `${vscode.workspace.asRelativePath(samples)}:${line + 1}: ${first.message}`,
    'Correct the samples file; what is wrong is marked there.',
  );
}

function running(name: string, url: string | undefined, model: ModelServer['model']): ModelServer {
  if (url) return { name, url, model };
  throw new UserError('endpoint-gone', `${name} does not run.`, 'Start it again first.');
}
