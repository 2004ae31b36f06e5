import { stringifyJson, tensorToJson } from './tensorJson';
import type { JsonValue, Tensor } from './tensor';

/** A shell command that predicts on a running server by the Open Inference Protocol: it works as it stands. */
export function curlCommand(url: string, model: string, inputs: Tensor[]): string {
  const body = stringifyJson({ inputs: inputs.map((input) => tensorToJson(input) as unknown as JsonValue) });
  return [
    `curl -sS ${quoted(`${url}/v2/models/${encodeURIComponent(model)}/infer`)}`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(body)}`,
  ].join(' \\\n  ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
