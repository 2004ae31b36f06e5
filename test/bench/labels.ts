import { type Answer, json, type Question } from './contestant';
import type { LabelledRow } from './subjects';

/** How a server is asked for the label of a row. */
export interface Protocol {
  path: string;
  bodyOf: (row: number[]) => unknown;
  /** Where the label stands in the answer. */
  labelOf: (answer: never) => unknown;
}

/** Rows under `inputs`, predictions under `predictions`: Flask and FastAPI as people write them, and MLflow. */
export const predictions = (path: string): Protocol => ({
  path,
  bodyOf: (row) => ({ inputs: [row] }),
  labelOf: (answer: { predictions: number[] }) => answer.predictions[0],
});

/** The model server's plain JSON; the label is a classifier's first output. */
export const plain: Protocol = {
  path: '/predict',
  bodyOf: (row) => ({ inputs: [row] }),
  labelOf: (answer: { outputs: Record<string, number[]> }) => Object.values(answer.outputs)[0]?.[0],
};

/** The Open Inference Protocol; `input` as the model's metadata name it. */
export const inference = (input: { name: string; datatype: string }): Protocol => ({
  path: '/v2/models/model/infer',
  bodyOf: (row) => ({ inputs: [{ ...input, shape: [1, row.length], data: row }] }),
  labelOf: (answer: { outputs: { data: number[] }[] }) => answer.outputs[0]?.data[0],
});

/** A question for each row; there is at least one. */
export function questions(url: string, protocol: Protocol, rows: LabelledRow[]): [Question, ...Question[]] {
  const [first, ...others] = rows.map((row) => question(url, protocol, row));
  if (!first) throw new Error('There are no rows to ask about.');
  return [first, ...others];
}

function question(url: string, { path, bodyOf, labelOf }: Protocol, { row, label }: LabelledRow): Question {
  return {
    url: `${url}${path}`,
    headers: json,
    body: JSON.stringify(bodyOf(row)),
    verify({ body }: Answer) {
      const said = labelOf(JSON.parse(body.toString()) as never);
      if (said !== label) throw new Error(`it says ${String(said)} where the model says ${label}`);
    },
  };
}
