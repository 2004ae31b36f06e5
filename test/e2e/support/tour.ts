import { join } from 'node:path';
import type { Engine } from '../../host/engine';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import type { Theme } from './profile';
import { ownTargets, removeContainers } from './targets';
import { TourTraffic } from './traffic';
import { openWorkbench, type Workbench } from './workbench';

/** The main job from start to end, as a person does it in a workbench of her own. */
export interface Tour {
  workbench: Workbench;
  engine: Engine | undefined;
  /** Where she deploys to. */
  target: string;
  /** What clients send meanwhile. */
  traffic: TourTraffic;
  close(): Promise<void>;
}

/** Opens the workbench for a tour; without an engine, it goes without a deploy. */
export async function startTour(engine: Engine | undefined, theme: Theme, pictures: string): Promise<Tour> {
  const workspace = await copyWorkspace(join(await temporaryFolder('tour'), 'iris-and-others'));
  const targets = await ownTargets(workspace, `tour-${theme}`);
  const clean = async () => engine && removeContainers(engine.docker, targets, workspace);
  await clean();
  const workbench = await openWorkbench({ workspace, theme, screenshots: pictures });
  const traffic = new TourTraffic();
  const close = async () => {
    await traffic.stop();
    await workbench.close();
    await clean();
  };
  return { workbench, engine, target: targets[0] ?? '', traffic, close };
}

/** One thing that the person does. */
export interface TourStep {
  /** Names its picture too. */
  name: string;
  /** Whether it needs a Docker engine. */
  needsEngine?: boolean;
  /** Answers what came of it. */
  run: (tour: Tour) => Promise<string>;
}

const model = 'iris';
const file = `${model}.onnx`;
const body = {
  inputs: [{ name: 'measurements', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }],
};

export const tourSteps: TourStep[] = [
  {
    name: 'models',
    run: async ({ workbench }) => {
      await workbench.openViews('Slipway');
      const models = workbench.tree('Models');
      await models.expand(file);
      await models.item('measurements');
      return `${(await models.lines()).filter((line) => /^[\w-]+\.onnx/.test(line)).length} models; ${file} is open`;
    },
  },
  {
    name: 'predict',
    run: async ({ workbench }) => {
      await workbench.openFile(`models/${model}.samples.json`);
      await workbench.codeLens('Predict').click();
      return workbench.editor.behindLine(/ms/);
    },
  },
  {
    name: 'predict-all',
    run: async ({ workbench }) => {
      await workbench.codeLens('Predict All').click();
      await workbench.page.waitForTimeout(500);
      return workbench.editor.behindLine(/ms/);
    },
  },
  {
    name: 'serve',
    run: async ({ workbench, traffic }) => {
      await workbench.clickTreeAction('Models', file, 'Serve Model');
      const words = await workbench.notification(`${model} is served at`);
      await workbench.treeItem('Endpoints', 'ready');
      traffic.url = urlIn(words);
      return words;
    },
  },
  {
    name: 'deploy',
    needsEngine: true,
    run: async ({ workbench, target, traffic }) => {
      const words = await deploy(workbench, target, 'first revision');
      traffic.url = urlIn(words);
      return words;
    },
  },
  {
    name: 'metrics',
    run: async ({ workbench, engine, traffic }) => {
      traffic.start(model, body);
      await workbench.clearNotifications();
      if (engine) await workbench.clickTreeAction('Targets', /^r1/, 'Open Metrics');
      else await workbench.clickTreeAction('Endpoints', model, 'Open Metrics');
      const page = await workbench.webviewFrame('Metrics');
      await page.getByText('1 min', { exact: true }).click();
      const rate = page.locator('.readout td').first();
      await rate.filter({ hasText: /[1-9]/ }).waitFor();
      await workbench.page.waitForTimeout(15_000);
      return `${await rate.innerText()} requests, p95 ${await page.locator('.readout td').nth(3).innerText()}`;
    },
  },
  {
    name: 'deploy-again',
    needsEngine: true,
    run: ({ workbench, target }) => deploy(workbench, target, 'second revision', true),
  },
  {
    name: 'roll-back',
    needsEngine: true,
    run: async ({ workbench }) => {
      await workbench.clearNotifications();
      await workbench.tree('Targets').menu(/^iris/, 'Roll Back');
      await workbench.dialog('Roll Back');
      return workbench.notification('is back at r1');
    },
  },
  {
    name: 'traffic',
    run: async ({ workbench, traffic }) => {
      await workbench.clearNotifications();
      await workbench.page.waitForTimeout(5_000);
      const { ok, refused, failures } = await traffic.stop();
      if (failures.size || !ok || !refused)
        throw new Error(`Not as it should be: ${[...failures].join('; ')}`);
      return `${ok} predictions, ${refused} wrong requests refused, nothing lost`;
    },
  },
  {
    name: 'stop',
    run: async ({ workbench }) => {
      await workbench.clearNotifications();
      await workbench.clickTreeAction('Endpoints', model, 'Stop Endpoint');
      await workbench.treeItem('Endpoints', 'stopped');
      return `the endpoint of ${model} is stopped`;
    },
  },
];

/** `again`: what serves already is deployed all the same. */
async function deploy(workbench: Workbench, target: string, note: string, again = false): Promise<string> {
  await workbench.clearNotifications();
  await workbench.clickTreeAction('Models', file, 'Deploy Model');
  await workbench.pick(target);
  await workbench.typeInQuickInput(note);
  if (again) await workbench.notification('serves this very model already', 'Deploy Anyway');
  return workbench.notification(`serves on ${target}`);
}

function urlIn(words: string): string {
  const url = /http:\/\/[\w.:[\]]*\w/.exec(words)?.[0];
  if (!url) throw new Error(`There is no address in: ${words}`);
  return url;
}
