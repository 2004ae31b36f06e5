import { healthNames, isIll } from '../../src/core/protocol/health';
import type { Action, ReleaseFacts, Revision, SampleProof, Step } from '../../src/core/protocol/release';

type Stateful = Pick<ReleaseFacts | Revision, 'state' | 'traffic' | 'health'>;

const stateNames: Record<Stateful['state'], string> = {
  candidate: 'Candidate',
  canary: 'On trial',
  serving: 'Serving',
  retired: 'Retired',
  failed: 'Failed',
};

/** `Serving, 100 % of the traffic` */
export function stateWords({ state, traffic }: Pick<Stateful, 'state' | 'traffic'>): string {
  const share = traffic > 0 ? `${traffic} % of the traffic` : 'no traffic';
  return `${stateNames[state]}, ${share}`;
}

/** How its servers are, where that is worth a word: a retired release is stopped on purpose. */
export function healthWords({ state, health }: Pick<Stateful, 'state' | 'health'>): string | undefined {
  if (health === 'ready' || (health === 'stopped' && state === 'retired')) return undefined;
  return healthNames[health];
}

/** A codicon for how it is. */
export function stateIcon({ state, health }: Pick<Stateful, 'state' | 'health'>): string {
  if (health === 'deleting') return 'trash';
  if (state === 'failed') return 'error';
  if (state === 'retired') return 'archive';
  if (isIll(health) || health === 'stopped') return 'warning';
  if (state === 'serving') return 'pass-filled';
  return state === 'canary' ? 'beaker' : 'circle-large-outline';
}

export const actionFaces: Record<Action, { label: string; icon: string }> = {
  finish: { label: 'Finish Deploy…', icon: 'check' },
  promote: { label: 'Promote…', icon: 'arrow-up' },
  setTraffic: { label: 'Set Traffic…', icon: 'split-horizontal' },
  rollBack: { label: 'Roll Back…', icon: 'discard' },
  scale: { label: 'Scale…', icon: 'server-environment' },
  metrics: { label: 'Open Metrics', icon: 'graph-line' },
  logs: { label: 'Open Logs', icon: 'output' },
  compare: { label: 'Compare with…', icon: 'compare-changes' },
  copyLink: { label: 'Copy Link', icon: 'link' },
  remove: { label: 'Remove…', icon: 'trash' },
};

export const stepNames: Record<Step['name'], string> = {
  check: 'Check the target',
  build: 'Build the image',
  push: 'Push the image',
  candidate: 'Start the candidate',
  verify: 'Run the samples',
  traffic: 'Move the traffic',
};

export const stepStates: Record<Step['state'], { word: string; icon: string }> = {
  done: { word: 'done', icon: 'pass' },
  current: { word: 'now', icon: 'arrow-right' },
  waiting: { word: 'to come', icon: 'circle-outline' },
  failed: { word: 'failed', icon: 'error' },
};

export const resultFaces: Record<SampleProof['result'], { word: string; icon: string }> = {
  passed: { word: 'Passed', icon: 'pass' },
  failed: { word: 'Failed', icon: 'error' },
  predicted: { word: 'Predicted, nothing expected', icon: 'circle-outline' },
};

/** A point in time as the person's language writes it. */
export function timeWords(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
