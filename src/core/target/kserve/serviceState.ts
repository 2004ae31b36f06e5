import { labels } from '../../docker/labels';
import { serviceNotes, type Division, type InferenceService, type KeptRevision } from './inferenceService';

/** The number of parts in which the traffic can be told. */
const PERCENT = 100;

/** What an InferenceService says about its revisions. */
export interface ServiceState {
  service: InferenceService;
  model: string;
  history: KeptRevision[];
  serving: number;
  canary?: { revision: number; percent: number };
  /** The highest revision that ever had traffic. */
  newest: number;
  /** Whether KServe is told to leave traffic to the revision before the newest. */
  divided: boolean;
}

export function readService(service: InferenceService): ServiceState {
  const { annotations = {}, labels: set = {} } = service.metadata;
  const note = (name: string) => Number(annotations[name] ?? 0);
  const [serving, canary] = [note(serviceNotes.serving), note(serviceNotes.canary)];
  return {
    service,
    model: annotations[labels.model] ?? set[labels.model] ?? service.metadata.name,
    history: JSON.parse(annotations[serviceNotes.history] ?? '[]') as KeptRevision[],
    serving,
    ...(canary > 0 && { canary: { revision: canary, percent: canaryPercent(service) } }),
    newest: Math.max(note(serviceNotes.newest), serving, canary),
    divided: service.spec.predictor.canaryTrafficPercent !== undefined,
  };
}

/** The revision that serves, as it can be made again; undefined where nothing does. */
export function servingIn(state: ServiceState | undefined): KeptRevision | undefined {
  return state?.history.find(({ revision }) => revision === state.serving);
}

/** How an InferenceService divides the traffic; undefined where nothing serves. */
export function divisionOf(state: ServiceState | undefined): Division | undefined {
  const serving = servingIn(state);
  const { history = [], canary } = state ?? {};
  const kept = history.find(({ revision }) => revision === canary?.revision);
  return serving && { serving, ...(kept && canary && { canary: { kept, percent: canary.percent } }) };
}

/** What the cluster says that it does, and before it says so, what it shall do. */
function canaryPercent({ spec, status }: InferenceService): number {
  const traffic = status?.components?.predictor?.traffic ?? [];
  const latest = traffic.filter(({ latestRevision }) => latestRevision);
  const told = latest.reduce((sum, { percent = 0 }) => sum + percent, 0);
  const asked = spec.predictor.canaryTrafficPercent ?? 0;
  return latest.length > 0 && told < PERCENT ? told : asked;
}
