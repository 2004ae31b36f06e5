/** The main job by itself in a real VS Code, with a picture of each step: `npm run tour [-- --theme light]`. */
import { parseArgs } from 'node:util';
import { ensureBaseImages } from '../host/baseImages';
import { ensureEngine } from '../host/engine';
import { packageExtension } from '../host/package';
import { installRequirements } from '../host/requirements';
import type { Theme } from './support/profile';
import { startTour, tourSteps, type Tour } from './support/tour';

const pictures = 'out/tour';

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { theme: { type: 'string', default: 'dark' } } });
  if (values.theme !== 'dark' && values.theme !== 'light') throw new Error('--theme is dark or light.');
  await installRequirements();
  const engine = await ensureEngine();
  if (engine) await ensureBaseImages(engine.docker);
  else console.log('No Docker engine answers: the model is served as a process, and not deployed.');
  await packageExtension();
  try {
    const tour = await startTour(engine, values.theme, pictures);
    return await walk(tour, values.theme).finally(() => tour.close());
  } finally {
    await engine?.stop();
  }
}

/** Takes the steps until one fails, and prints a line for each. */
async function walk(tour: Tour, theme: Theme): Promise<boolean> {
  for (const [index, { name, needsEngine, run }] of tourSteps.entries()) {
    const line = (sign: string, words: string, seconds = '') =>
      console.log(`${sign} ${name.padEnd(13)} ${seconds.padStart(7)}  ${words.replaceAll('\n', ' ')}`);
    if (needsEngine && !tour.engine) {
      line('–', 'left out, as there is no Docker engine');
      continue;
    }
    const start = performance.now();
    const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const picture = (suffix = '') =>
      tour.workbench.screenshot(`${theme}-${String(index + 1).padStart(2, '0')}-${name}${suffix}`);
    try {
      const words = await run(tour);
      line('✔', words, seconds());
      await picture();
    } catch (error) {
      line('✘', error instanceof Error ? error.message : String(error), seconds());
      await picture('-failed');
      return false;
    }
  }
  return true;
}

main().then(
  (worked) => process.exit(worked ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
