import type { Signature, TensorSpec } from '../../core/model/signature';
import { protocolShape } from '../codec/inputs';
import type { ModelService } from '../modelService';
import { examplesOf } from './examples';

const routes = [
  ['POST', '/predict', 'plain JSON: the inputs by name, or rows'],
  ['POST', '/v2/models/NAME/infer', 'Open Inference Protocol, JSON or binary tensors'],
  ['POST', '/v1/models/NAME:predict', 'TensorFlow Serving and KServe V1'],
  ['POST', '/invocations', 'MLflow and SageMaker, JSON or CSV'],
  ['GET', '/v2/models/NAME', 'what the model takes and gives'],
  ['GET', '/v2/health/ready', 'whether the model predicts'],
  ['GET', '/metrics', 'Prometheus metrics'],
  ['GET', '/openapi.json', 'this page for programs'],
] as const;

/** Characters of a command that people read at most: one with a picture of 28 by 28 has half as many. */
const longestCommand = 8000;

export interface DocsContext {
  /** Version of this server. */
  version: string;
  /** Whether clients need a token. */
  token: boolean;
  /** Where the page was asked for. */
  host?: string;
}

/** A page for people: what the model takes and gives, a command that works unless it would be too long, and all addresses. */
export function docsPage({ name, version, signature }: ModelService, server: DocsContext): string {
  const command = commandOf(signature, server);
  const tryIt = command === undefined ? '' : `<h2>Try it</h2><pre>${text(command)}</pre>\n`;
  const segment = encodeURIComponent(name);
  const rows = routes
    .map(([method, path, words]) => row(method, path.replace('NAME', segment), words))
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(name)}</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
td,th{text-align:left;padding:.2rem 1.5rem .2rem 0}pre{overflow:auto;padding:1rem;border:1px solid #8886}code,pre{font-family:ui-monospace,monospace}</style></head>
<body><h1>${text(name)} <small>version ${text(version)}</small></h1>
<h2>Inputs</h2><table>${signature.inputs.map(tensor).join('')}</table>
<h2>Outputs</h2><table>${signature.outputs.map(tensor).join('')}</table>
${tryIt}<h2>Addresses</h2><table>${rows}</table>
<p>Slipway ${text(server.version)}</p></body></html>
`;
}

/** Undefined where an example would be too long to read. */
function commandOf(
  signature: Signature,
  { host = '127.0.0.1:8080', token }: DocsContext,
): string | undefined {
  const examples = examplesOf(signature);
  if (!examples) return undefined;
  const body = JSON.stringify(examples.plain).replaceAll("'", "'\\''");
  const header = token ? ' -H "Authorization: Bearer $SLIPWAY_TOKEN"' : '';
  const command = `curl http://${host}/predict${header} -d '${body}'`;
  return command.length > longestCommand ? undefined : command;
}

function tensor({ name, type, shape }: TensorSpec): string {
  return row(name, type, `[${protocolShape(shape ?? []).join(', ')}]`);
}

function row(...cells: string[]): string {
  return `<tr>${cells.map((cell) => `<td><code>${text(cell)}</code></td>`).join('')}</tr>`;
}

function text(words: string): string {
  return words.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
