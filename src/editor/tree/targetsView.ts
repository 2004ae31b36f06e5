import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { messageOf, whyOf } from '../../core/errors';
import type { Release, Target } from '../../core/target/target';
import type { Services } from '../services';
import { age } from '../words';
import type { Node } from './nodes';
import type { TreeSource } from './view';

/** *Targets*: what `slipway.json` names, and the releases that each target says it has. */
export function targetsView({ targets, config }: Services): TreeSource {
  return {
    changes: [targets.onChange, config.onChange],
    roots: async () => {
      const problem = vscode.workspace.isTrusted ? await configProblem() : [];
      const all = targets.targets();
      // New ones need not wait until the next time that all are asked.
      if (all.some((target) => !targets.known(target))) void targets.refresh();
      return [...problem, ...all.map(targetNode)];
    },
    children: (node) => {
      if (node.kind === 'releases')
        return node.releases.map((release) => ({ kind: 'release', release, target: node.target }));
      return node.kind === 'target' ? childrenOf(node.target) : [];
    },
    watch: () => targets.watch(),
    ages: true,
  };

  function targetNode(target: Target): Node {
    return { kind: 'target', target, error: targets.error(target), known: targets.known(target) };
  }

  function childrenOf(target: Target): Node[] {
    const error = targets.error(target);
    if (error) return [awayNode(error, target), ...modelNodes(target, targets.lastKnown(target))];
    const releases = targets.releases(target);
    if (releases.length > 0) return modelNodes(target, releases);
    if (!targets.known(target)) return [];
    return [{ kind: 'detail', label: 'No release yet', description: 'deploy a model to it', icon: 'info' }];
  }

  /** Why a target is away, above what it had before. */
  function awayNode(error: Error, target: Target): Node {
    const answered = targets.answered(target);
    const hadAny = targets.lastKnown(target).length > 0;
    return {
      kind: 'detail',
      label: whyOf(error),
      ...(answered && hadAny && { description: `what it had ${age(answered)} ago` }),
      icon: 'error',
      wrong: true,
    };
  }

  function modelNodes(target: Target, releases: Release[]): Node[] {
    const names = [...new Set(releases.map(({ model }) => model.name))];
    return names.map((model) => ({
      kind: 'releases',
      target,
      model,
      releases: releases.filter((release) => release.model.name === model),
    }));
  }

  /** What is wrong with `slipway.json`, above the targets that it named last. */
  async function configProblem(): Promise<Node[]> {
    try {
      await config.get();
      return [];
    } catch (error) {
      const command = { command: commands.openConfig, title: 'Open slipway.json' };
      return [{ kind: 'detail', label: messageOf(error), icon: 'error', wrong: true, command }];
    }
  }
}
