import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { WorkspaceConfig } from '../../src/editor/configStore';
import { WorkspaceModels } from '../../src/editor/modelStore';
import { registerPickleDiagnostics } from '../../src/editor/pickleDiagnostics';
import { PythonPlaces, pythonPath, selectedInterpreter } from '../../src/editor/pythonPlaces';
import type { Services } from '../../src/editor/services';
import { treeItem } from '../../src/editor/tree/items';
import { modelsView } from '../../src/editor/tree/modelsView';
import type { DetailNode, GroupNode } from '../../src/editor/tree/nodes';
import { eventually, workspaceFile } from './sample/support';

const harm = ['system', 'popen', 'fork', 'execv', 'remove'].map((name) => `cos\n${name}\n0`).join('');

describe('pickles in the editor', () => {
  const config = new WorkspaceConfig();
  const models = new WorkspaceModels(config);
  const file = (name: string) => workspaceFile(`pickles/${name}`);
  const fixture = (name: string) =>
    join(
      vscode.extensions.getExtension('slipway.slipway')?.extensionPath ?? '',
      'test/fixtures/pickles',
      name,
    );

  before(async () => {
    await mkdir(file('').fsPath, { recursive: true });
    await copyFile(fixture('forest.joblib'), file('forest.joblib').fsPath);
    await writeFile(file('harm.pkl').fsPath, `${harm}c__main__\nScaler\n)R.`);
  });
  after(async () => {
    models.dispose();
    config.dispose();
    await rm(file('').fsPath, { recursive: true });
  });

  it('have what loading them would do among the problems, while they are there', async () => {
    const { uri } = await models.get(file('harm.pkl'));
    const registered = registerPickleDiagnostics(models);
    const problems = () => vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Slipway');
    try {
      models.refresh();
      await models.list();
      const found = await eventually('they are listed', () =>
        problems().length > 0 ? problems() : undefined,
      );
      const ofLevel = (level: vscode.DiagnosticSeverity, code: string) =>
        found.find(({ severity, code: own }) => severity === level && own === code)?.message ?? '';
      assert.match(
        ofLevel(vscode.DiagnosticSeverity.Error, 'dangerous-import'),
        /`os\.system`, which can run/,
      );
      assert.match(
        ofLevel(vscode.DiagnosticSeverity.Warning, 'missing-module'),
        /`__main__\.Scaler`.*missing/,
      );
      assert.deepEqual(vscode.languages.getDiagnostics(file('forest.joblib')), []);
    } finally {
      registered.dispose();
    }
  });

  async function groupsOf(name: string): Promise<GroupNode[]> {
    const none = { onChange: () => ({ dispose: () => undefined }), list: () => [], targets: () => [] };
    const view = modelsView({ models, endpoints: none, targets: none } as unknown as Services);
    const nodes = await view.children({ kind: 'model', model: await models.get(file(name)) });
    return nodes.filter((node) => node.kind === 'group');
  }

  const linesOf = (group: GroupNode | undefined) =>
    (group?.children as DetailNode[]).map(({ label, description }) => `${label} ${description}`);

  it('show what they import and their largest arrays, for whoever opens that', async () => {
    const groups = await groupsOf('forest.joblib');
    const imports = groups.find(({ title }) => title === 'Imports');
    const arrays = groups.find(({ title }) => title === 'Largest arrays');
    assert.ok(linesOf(imports).includes('sklearn.ensemble._forest RandomForestClassifier'));
    assert.equal(linesOf(arrays).length, 5);
    assert.equal(linesOf(arrays)[0], '9 × 1 × 3 <f8');
    for (const group of [imports, arrays]) {
      assert.ok(group);
      assert.equal(treeItem(group).collapsibleState, vscode.TreeItemCollapsibleState.Collapsed);
    }
  });

  it('show a dangerous import as a problem', async () => {
    const imports = (await groupsOf('harm.pkl')).find(({ title }) => title === 'Imports');
    const [os] = (imports?.children ?? []) as DetailNode[];
    assert.equal(os?.label, 'os');
    assert.equal(os?.wrong, true);
  });

  it('are not loaded when the person does not want it, who is told how much there is', async () => {
    const places = new PythonPlaces(config);
    const { showWarningMessage } = vscode.window;
    let asked: unknown[] = [];
    const window = vscode.window as { showWarningMessage: unknown };
    window.showWarningMessage = (...given: unknown[]) => Promise.resolve(void (asked = given));
    try {
      await assert.rejects(places.admit(file('harm.pkl').fsPath), { code: 'load-refused' });
    } finally {
      window.showWarningMessage = showWarningMessage;
    }
    const { detail } = asked[1] as vscode.MessageOptions;
    assert.match(detail ?? '', /^(It imports `os\.\w+`.*\n){3}… and 2 more$/);
  });

  it('run with the interpreter of the Python extension, else of the setting, else python3', async () => {
    const python = vscode.Uri.file('/envs/own/bin/python');
    const asked: unknown[] = [];
    const api = (executable: vscode.Uri | undefined) => ({
      environments: {
        getActiveEnvironmentPath: (resource?: vscode.Uri) => {
          asked.push(resource?.fsPath);
          return { path: '/envs/own' };
        },
        resolveEnvironment: ({ path }: { path: string }) =>
          Promise.resolve(path === '/envs/own' ? { executable: { uri: executable } } : undefined),
      },
    });
    assert.equal(await selectedInterpreter(api(python), file('harm.pkl')), python.fsPath);
    assert.equal(await selectedInterpreter(api(undefined)), undefined);
    assert.deepEqual(asked, [file('harm.pkl').fsPath, vscode.workspace.workspaceFolders?.[0]?.uri.fsPath]);

    const settings = vscode.workspace.getConfiguration('slipway');
    assert.equal(await pythonPath(), 'python3');
    await settings.update('python.interpreter', '/own/python', vscode.ConfigurationTarget.Workspace);
    try {
      assert.equal(await pythonPath(), '/own/python');
    } finally {
      await settings.update('python.interpreter', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });
});
