import type { Services } from '../services';
import type { Node } from './nodes';
import type { TreeSource } from './view';

/** *Targets*: what `slipway.json` names, and the releases that each target says it has. */
export function targetsView({ targets }: Services): TreeSource {
  return {
    changes: [targets.onChange],
    roots: () =>
      targets.targets().map((target) => ({
        kind: 'target',
        target,
        error: targets.error(target),
        known: targets.known(target),
      })),
    children: (node) => {
      if (node.kind === 'releases')
        return node.releases.map((release): Node => ({ kind: 'release', release }));
      if (node.kind !== 'target') return [];
      const releases = targets.releases(node.target);
      if (releases.length === 0 && targets.known(node.target)) {
        return [
          { kind: 'detail', label: 'No release yet', description: 'Deploy a model to it.', icon: 'info' },
        ];
      }
      const models = [...new Set(releases.map(({ model }) => model.name))];
      return models.map((model) => ({
        kind: 'releases',
        target: node.target,
        model,
        releases: releases.filter((release) => release.model.name === model),
      }));
    },
    watch: () => targets.watch(),
  };
}
