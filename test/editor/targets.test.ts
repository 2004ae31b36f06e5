import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Config } from '../../src/core/config/config';
import { UserError } from '../../src/core/errors';
import type { Logger } from '../../src/core/logger';
import { TargetStore } from '../../src/core/release/targetStore';
import { Deploys } from '../../src/editor/commands/deploy';
import { exportManifests } from '../../src/editor/commands/exportManifests';
import { rollBack } from '../../src/editor/commands/releases';
import { pickRelease, runningChoices } from '../../src/editor/picks';
import { followLink } from '../../src/editor/release/releaseLinks';
import type { ReleaseDocuments } from '../../src/editor/release/releaseDocuments';
import { treeItem } from '../../src/editor/tree/items';
import { targetsView } from '../../src/editor/tree/targetsView';
import type { Model, Services } from '../../src/editor/services';
import { FakeTarget, release } from '../unit/release/fakeTarget';
import { workspaceFile } from './sample/support';

const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const gone = new UserError('engine-unreachable', 'No Docker engine answers at tcp://10.0.0.7.');

/** Puts something in the place of a function of the window, until the test ends. */
const stubs: (() => void)[] = [];
function stub<K extends 'showWarningMessage' | 'showInformationMessage' | 'createQuickPick'>(
  name: K,
  instead: unknown,
): void {
  const before = vscode.window[name];
  Object.assign(vscode.window, { [name]: instead });
  stubs.push(() => void Object.assign(vscode.window, { [name]: before }));
}

describe('commands on targets', () => {
  let staging: FakeTarget;
  let production: FakeTarget;
  let services: Services;
  let config: Config;
  let shown: string[];

  beforeEach(async () => {
    staging = new FakeTarget('staging');
    production = new FakeTarget('production');
    config = { targets: { staging: { kind: 'docker' }, production: { kind: 'docker' } } };
    const targets = new TargetStore((name) => (name === 'staging' ? staging : production), quiet);
    targets.configure(config);
    await targets.refresh();
    shown = [];
    const iris: Model = {
      uri: workspaceFile('models/iris.onnx'),
      name: 'iris',
      samples: workspaceFile('models/iris.samples.json'),
      description: { kind: 'onnx' } as Model['description'],
    };
    services = {
      ...{ log: quiet, targets },
      config: { get: () => Promise.resolve(config) } as unknown as Services['config'],
      models: {
        get: () => Promise.resolve(iris),
        madeOf: () => Promise.resolve(iris),
      } as unknown as Services['models'],
      endpoints: { refresh: () => Promise.resolve(), list: () => [] } as unknown as Services['endpoints'],
      predictor: {} as Services['predictor'],
      syncTargets: () => Promise.resolve(),
      run: async (title, work) => {
        shown.push(title);
        return work({ signal: new AbortController().signal, report: () => undefined });
      },
      showError: (error) => assert.fail(String(error)),
      admit: () => Promise.resolve(),
      requireTrust: () => undefined,
    };
  });
  afterEach(() => {
    for (const putBack of stubs.splice(0)) putBack();
    services.targets.dispose();
  });

  const node = (target: FakeTarget) => ({ kind: 'releases' as const, target, model: 'iris', releases: [] });
  const panels = { open: (id: string) => void shown.push(id) };
  const link = (id: string) => vscode.Uri.parse(`vscode://slipway.slipway/${id}`);

  it('do not say that there is nothing while a target is away', async () => {
    production.behaviour.list = gone;
    await assert.rejects(pickRelease(services, 'Which?'), gone);
    await assert.rejects(runningChoices(services), gone);
    await assert.rejects(rollBack(services, node(production)), gone);
    await assert.rejects(followLink(link('production/iris/1'), services, panels), gone);
    await assert.rejects(followLink(link('staging/iris/1'), services, panels), { code: 'release-missing' });
  });

  it('are still shown for what a target had that went away, as far as one can do them', async () => {
    staging.releases = [
      release(2, 'serving', { stableUrl: 'http://127.0.0.1:8600' }),
      release(1, 'retired', { health: 'stopped' }),
    ];
    await services.targets.refresh();
    staging.behaviour.list = gone;
    await services.targets.refresh();
    const view = targetsView(services);
    const [first] = await view.roots();
    assert.ok(first);
    const [away, line, ...others] = await view.children(first);
    assert.ok(away && line && others.length === 0);
    const why = treeItem(away);
    assert.equal(why.label, gone.message);
    assert.match(String(why.description), /^what it had \d+ s ago$/);
    assert.equal(treeItem(line).contextValue, 'releases.serving');
    const items = (await view.children(line)).map(treeItem);
    assert.deepEqual(
      items.map(({ label, contextValue }) => [label, contextValue]),
      [
        ['r2', 'release.unknown.stopped'],
        ['r1', 'release.unknown.stopped'],
      ],
    );
    assert.match(String(items[0]?.description), /^serving 100 % · unknown · /);
    assert.match(
      items[0]?.accessibilityInformation?.label ?? '',
      /^release 2 of iris on staging, serving 100 %, unknown, /,
    );
    assert.equal((items[0]?.iconPath as vscode.ThemeIcon).id, 'question');
  });

  it('open what a link leads to on a target that is back', async () => {
    production.behaviour.list = gone;
    await services.targets.refresh();
    delete production.behaviour.list;
    production.releases = [release(1, 'serving', { id: 'production/iris/1', target: 'production' })];
    await followLink(link('production/iris/1'), services, panels);
    assert.deepEqual(shown, ['production/iris/1']);
  });

  it('ask which release is meant, also of a single one, while a target is away that may have others', async () => {
    staging.releases = [release(1, 'serving')];
    assert.equal((await pickRelease(services, 'Which?'))?.revision, 1);
    production.behaviour.list = gone;
    const lines: string[] = [];
    const real = vscode.window.createQuickPick.bind(vscode.window);
    stub('createQuickPick', () => {
      const pick = real();
      setTimeout(() => {
        lines.push(...pick.items.map(({ label }) => label));
        pick.hide();
      });
      return pick;
    });
    assert.equal(await pickRelease(services, 'Which?'), undefined);
    assert.deepEqual(lines, ['iris r1', '$(error) production is away']);
  });

  it('finish a deploy without a question only where slipway.json wants none', async () => {
    staging.releases = [release(2, 'candidate', { model: { name: 'iris', path: '/iris.onnx', hash: '' } })];
    await services.targets.refresh();
    const asked: string[] = [];
    stub('showWarningMessage', (question: string) => Promise.resolve(void asked.push(question)));
    stub('showInformationMessage', () => Promise.resolve(undefined));
    const deploys = new Deploys(services, {} as ReleaseDocuments, new Map() as unknown as vscode.Memento);
    config.targets = { staging: { kind: 'docker', confirm: true } };
    const given = { kind: 'release' as const, release: services.targets.releases(staging)[0]! };
    await deploys.finish(given);
    assert.deepEqual(asked, ['Give all traffic on staging to iris r2 when its samples pass?']);
    assert.deepEqual(shown, []);
    config.targets = { staging: { kind: 'docker' } };
    // Its file is another one by now, so that it ends there.
    await assert.rejects(deploys.finish(given), { code: 'release-missing' });
    assert.deepEqual([asked.length, shown.length], [1, 1]);
  });

  it('go on from the plan of a deploy to the deploy', async () => {
    const plans: string[] = [];
    const documents = { showPlan: (name: string) => Promise.resolve(void plans.push(name)) };
    const memory = { get: () => undefined, update: () => Promise.resolve() };
    const deploys = new Deploys(
      services,
      documents as unknown as ReleaseDocuments,
      memory as unknown as vscode.Memento,
    );
    config.targets = { staging: { kind: 'docker', confirm: true } };
    const offered: string[] = [];
    stub('showWarningMessage', () => Promise.resolve('Show Plan'));
    stub('showInformationMessage', (question: string, ...buttons: string[]) => {
      offered.push(question, ...buttons);
      return Promise.resolve(undefined);
    });
    const given = {
      kind: 'releases' as const,
      target: staging,
      model: 'iris',
      releases: [release(1, 'serving')],
    };
    await deploys.again(given);
    assert.deepEqual([plans, offered], [['staging/iris'], ['Deploy iris to staging?', 'Deploy']]);
    assert.ok(!staging.calls.includes('build'), 'nobody pressed it');
  });

  it('say that a deploy to an engine applies no manifests', async () => {
    const model = await services.models.get(workspaceFile('models/iris.onnx'));
    await assert.rejects(exportManifests(services, model), {
      code: 'target-missing',
      message: 'No target of slipway.json is a cluster, so that a deploy applies no manifests.',
    });
  });
});
