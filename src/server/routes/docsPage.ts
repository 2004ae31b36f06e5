import type { TensorSpec } from '../../core/model/signature';
import { protocolShape } from '../codec/inputs';
import type { ModelService } from '../modelService';
import { plainExample } from './examples';

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

/** A page for people: what the model takes and gives, a command that works, and all addresses. */
export function docsPage(
  { name, version, signature }: ModelService,
  server: string,
  host = '127.0.0.1:8080',
): string {
  const example = JSON.stringify(plainExample(signature));
  const body = example.length < 2000 ? example : '{"inputs": …}';
  const curl = `curl http://${host}/predict -d '${body.replaceAll("'", "'\\''")}'`;
  const rows = routes.map(([method, path, words]) => row(method, path.replace('NAME', name), words)).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(name)}</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
td,th{text-align:left;padding:.2rem 1.5rem .2rem 0}pre{overflow:auto;padding:1rem;border:1px solid #8886}code,pre{font-family:ui-monospace,monospace}</style></head>
<body><h1>${text(name)} <small>version ${text(version)}</small></h1>
<h2>Inputs</h2><table>${signature.inputs.map(tensor).join('')}</table>
<h2>Outputs</h2><table>${signature.outputs.map(tensor).join('')}</table>
<h2>Try it</h2><pre>${text(curl)}</pre>
<h2>Addresses</h2><table>${rows}</table>
<p>Slipway ${text(server)}</p></body></html>
`;
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
