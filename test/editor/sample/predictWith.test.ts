import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import { cleanUp, hover, samplesFile, workspaceFile } from './support';

/** An endpoint as the views hand it to commands. */
function endpointNode(name: string, path: string, url: string) {
  const model = { name, path, hash: '' };
  const endpoint = { id: 'process:1', engine: 'process', model, url, health: 'ready', created: new Date() };
  return { kind: 'endpoint', endpoint };
}

describe('Predict on Endpoint', () => {
  const file = workspaceFile('models/served.onnx').fsPath;
  let server: ChildProcess;
  let url: string;

  before(async () => {
    await copyFile(workspaceFile('models/iris.onnx').fsPath, file);
    const extension = vscode.extensions.getExtension('slipway.slipway');
    assert.ok(extension);
    const main = join(extension.extensionPath, 'dist/server.js');
    server = spawn(process.execPath, [main, '--model', file, '--exit-with-parent'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    assert.ok(server.stdout);
    const lines = createInterface(server.stdout);
    const line = await new Promise<string>((resolve) => lines.once('line', resolve));
    ({ url } = JSON.parse(line) as { url: string });
  });
  after(() => server.kill());
  afterEach(() => cleanUp('models/served.samples.json'));

  it('shows at the sample what the endpoint gave, and where', async () => {
    const inputs = { measurements: [[5.1, 3.5, 1.4, 0.2]] };
    const document = await samplesFile('models/served.samples.json', {
      samples: [{ name: 'there', inputs, expected: { label: [0] } }],
    });
    await vscode.commands.executeCommand('slipway.predictWith', endpointNode('served', file, url));
    const text = await hover(document, 'there');
    assert.match(text, /Passed/);
    assert.match(text, /on served/);
  });

  it('says so at the sample when nothing answers', async () => {
    const document = await samplesFile('models/served.samples.json', {
      samples: [{ name: 'nobody', inputs: { measurements: [[5.1, 3.5, 1.4, 0.2]] } }],
    });
    const gone = endpointNode('served', file, 'http://127.0.0.1:9');
    await vscode.commands.executeCommand('slipway.predictWith', gone);
    assert.match(await hover(document, 'nobody'), /Did not predict/);
  });
});
