import { ensureEngine, type Engine } from '../host/engine';
import { skip } from '../host/skip';
import { startTour, tourSteps, type Tour } from './support/tour';

for (const theme of ['dark', 'light'] as const) {
  describe(`the tour in a ${theme} theme`, () => {
    let engine: Engine | undefined;
    let tour: Tour;
    before(async () => {
      engine = await ensureEngine();
      tour = await startTour(engine, theme, 'out/e2e');
    });
    after(async () => {
      await tour.close();
      await engine?.stop();
    });
    afterEach(async function () {
      if (this.currentTest?.isFailed())
        await tour.workbench.screenshot(`${theme}-${this.currentTest.title}-failed`);
    });

    for (const { name, needsEngine, run } of tourSteps) {
      it(name, async function () {
        if (needsEngine && !engine) skip(this, 'no Docker engine answers');
        await run(tour);
        await tour.workbench.screenshot(`${theme}-${name}`);
      });
    }
  });
}
