import { mkdir, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../../src/core/dispose';
import { Emitter } from '../../../src/core/event';
import { SampleRuns } from '../../../src/editor/sample/sampleRuns';
import { SamplesDocuments } from '../../../src/editor/sample/samplesDocuments';
import type { Services } from '../../../src/editor/services';
import { workspaceFile } from './support';

/** A script of two files whose server is a fake: it answers how often it was asked. */
export interface FakeScript extends Disposable {
  services: Services;
  documents: SamplesDocuments;
  runs: SampleRuns;
  /** Fires as the store of models does when one of them changes. */
  modelsChange(): void;
}

/** Writes `FOLDER/predict.py` and the `features.py` beside it, and gives what runs samples of them. */
export async function fakeScript(folder: string): Promise<FakeScript> {
  await mkdir(workspaceFile(folder).fsPath, { recursive: true });
  await writeFile(workspaceFile(`${folder}/predict.py`).fsPath, 'from features import scale\n');
  await writeFile(workspaceFile(`${folder}/features.py`).fsPath, 'scale = 1\n');
  const store = new DisposableStore();
  const changed = store.add(new Emitter<void>());
  const config = { onChange: changed.event, get: () => Promise.resolve(undefined), uri: undefined };
  let asked = 0;
  const infer = () => {
    const data = Float32Array.of(++asked);
    return Promise.resolve({
      outputs: [{ name: 'asked', datatype: 'FP32', shape: [1], data }],
      milliseconds: 1,
    });
  };
  const spec = { datatype: 'FP32', type: 'float32', shape: [1] };
  const signature = { inputs: [{ ...spec, name: 'x' }], outputs: [{ ...spec, name: 'asked' }] };
  const samples = workspaceFile(`${folder}/${folder}.samples.json`);
  const get = (uri: vscode.Uri) =>
    Promise.resolve({ uri, name: folder, samples, description: { kind: 'script' } });
  const services = {
    config,
    models: {
      onChange: changed.event,
      get,
      ofSamples: () => get(workspaceFile(`${folder}/predict.py`)),
    },
    predictor: { connect: () => Promise.resolve({ signature, infer }) },
    requireTrust: () => undefined,
  } as unknown as Services;
  const documents = store.add(new SamplesDocuments(config));
  const runs = store.add(new SampleRuns(services, documents));
  return {
    services,
    documents,
    runs,
    modelsChange: () => changed.fire(),
    dispose: () => store.dispose(),
  };
}
