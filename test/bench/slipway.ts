import { resolve } from 'node:path';
import { memoryVariables, nodeFlags } from '../../src/core/serverRuntime';
import type { Contestant, Running } from './contestant';
import { inference, plain, questions } from './labels';
import { ready, startProcess } from './process';
import { python, type Subject } from './subjects';

/** The model server on the model as a pickle and as ONNX, asked by its `/predict` and by the Open Inference Protocol. */
export function slipwayFor({ pickle, onnx, rows }: Subject): Contestant[] {
  const both = (kind: string, model: string): Contestant[] => [
    {
      name: `Slipway, ${kind}, /predict`,
      start: (folder) => serve(model, folder, (url) => questions(url, plain, rows)),
    },
    {
      name: `Slipway, ${kind}, /v2`,
      start: (folder) =>
        serve(model, folder, async (url) => questions(url, inference(await inputOf(url)), rows)),
    },
  ];
  return [...(onnx ? both('ONNX', onnx) : []), ...both('pickle', pickle)];
}

/** The model server on a model, with options of its command line, asked what `asked` says of its address; its name there is `model`. */
export async function serve(
  model: string,
  folder: string,
  asked: (url: string) => Promise<Running['questions']> | Running['questions'],
  options: string[] = [],
): Promise<Running> {
  const named = ['--model', model, '--name', 'model', '--python', python];
  const command = [...nodeFlags, resolve('dist/server.js'), ...named, ...options];
  const server = await startProcess([process.execPath, ...command], folder, {
    ...memoryVariables,
    ...process.env,
  });
  try {
    const url = await ready(server, async () => /^\{"url":"([^"]+)"/m.exec(await server.printed())?.[1], 60);
    return { process: server, questions: await asked(url) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function inputOf(url: string): Promise<{ name: string; datatype: string }> {
  const response = await fetch(`${url}/v2/models/model`);
  const { inputs } = (await response.json()) as { inputs: { name: string; datatype: string }[] };
  const [input] = inputs;
  if (!input) throw new Error('the model has no input');
  return { name: input.name, datatype: input.datatype };
}
