import type { ModelMetadata } from '../inference/client';
import type { Signature, TensorSpec } from '../model/signature';
import type { Problem, SampleResult } from '../sample/sample';

/** As many mismatches as fit into a message. */
const MAX_MISMATCHES = 5;

/** Where a server's metadata is not the signature of the model, a phrase for each difference. */
export function differencesOf(signature: Signature, metadata: ModelMetadata): string[] {
  return [
    ...differences('input', signature.inputs, metadata.inputs),
    ...differences('output', signature.outputs, metadata.outputs),
  ];
}

function differences(kind: string, expected: TensorSpec[], actual: ModelMetadata['inputs']): string[] {
  const found = expected.flatMap((spec) => {
    const served = actual.find((tensor) => tensor.name === spec.name);
    if (!served) return [`it has no ${kind} ${spec.name}`];
    const want = shapeOf(spec);
    const have = served.shape.join(', ');
    const words = [];
    if (spec.datatype && served.datatype !== spec.datatype) {
      words.push(`its ${kind} ${spec.name} is ${served.datatype}, not ${spec.datatype}`);
    }
    if (want !== undefined && want !== have) {
      words.push(`its ${kind} ${spec.name} has shape [${have}], not [${want}]`);
    }
    return words;
  });
  const unknown = actual.filter((tensor) => !expected.some((spec) => spec.name === tensor.name));
  return [...found, ...unknown.map((tensor) => `it has one more ${kind}, ${tensor.name}`)];
}

function shapeOf(spec: TensorSpec): string | undefined {
  return spec.shape?.map((dimension) => (typeof dimension === 'number' ? dimension : -1)).join(', ');
}

/** Which samples do not pass, and with which values. */
export function describeMismatches(name: string, results: SampleResult[]): string {
  const failed = results.filter((result) => result.pass === false);
  const mismatches = failed.flatMap((result) =>
    result.mismatches.map((problem) => `${result.sample}, ${placeOf(problem)}: ${problem.message}`),
  );
  const shown = mismatches.slice(0, MAX_MISMATCHES);
  const more = mismatches.length - shown.length;
  return [
    `${name} fails ${String(failed.length)} of ${String(results.length)} samples.`,
    ...shown,
    ...(more > 0 ? [`… and ${String(more)} more values.`] : []),
  ].join('\n');
}

/** `probabilities[0][2]` */
function placeOf({ path: [, output = 'outputs', ...indices] }: Problem): string {
  return String(output) + indices.map((index) => `[${String(index)}]`).join('');
}

/** What was proven, in a phrase. */
export function summaryOf(results: SampleResult[]): string {
  if (results.length === 0) return 'no samples: only readiness and the signature were checked';
  const proven = results.filter((result) => result.pass).length;
  const silent = results.length - proven;
  const passed = `${String(proven)} of ${String(results.length)} samples pass`;
  return silent === 0 ? passed : `${passed}, ${String(silent)} without expected outputs only predict`;
}
