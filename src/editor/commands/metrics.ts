import { askPicks } from '../ask';
import type { MetricsPanels } from '../metrics/metricsPanel';
import type { MetricsSources } from '../metricsSources';
import { runningChoices } from '../picks';
import type { Services } from '../services';
import { nodeOf, runningOf, type Given } from './subject';

/** *Open Metrics*: of an endpoint or release, or of several that the person picks. */
export async function openMetrics(
  services: Services,
  sources: MetricsSources,
  panels: MetricsPanels,
  given: Given,
): Promise<void> {
  const node = nodeOf(given);
  const running = node && runningOf(node);
  if (running) return panels.open([sources.of(running)]);
  const choices = await runningChoices(services);
  const real = choices.flatMap(({ one }) => one ?? []);
  if (real.length === 1 && services.targets.away().length === 0)
    return panels.open(real.map((one) => sources.of(one)));
  const placeHolder = 'Metrics of what? Several are shown side by side.';
  const picked = await askPicks(choices, { placeHolder });
  panels.open((picked ?? []).flatMap(({ one }) => (one ? [sources.of(one)] : [])));
}
