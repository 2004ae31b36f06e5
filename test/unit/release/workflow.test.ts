import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { workflowPath, workflowText, type WorkflowOptions } from '../../../src/core/release/workflow';

const options: WorkflowOptions = {
  model: 'iris',
  paths: ['models/iris.onnx', 'models/iris.samples.json', 'slipway.json'],
  target: 'production',
  on: { branch: 'main' },
  version: '1.2.3',
  folder: '.',
};

describe('a workflow for CI', () => {
  it('of GitHub tests on pull requests, and deploys what is pushed to the branch', () => {
    const { on, jobs } = parse(workflowText('github', options)) as {
      on: Record<string, object>;
      jobs: Record<string, { if?: string; needs?: string; environment?: string; steps: { run?: string }[] }>;
    };
    assert.deepEqual(on, {
      pull_request: { paths: options.paths },
      push: { branches: ['main'], paths: options.paths },
    });
    assert.equal(jobs['test']?.steps.at(-1)?.run, 'npx --yes slipway@1.2.3 test iris --junit results.xml');
    assert.deepEqual(
      [jobs['deploy']?.needs, jobs['deploy']?.if, jobs['deploy']?.environment],
      ['test', "github.event_name == 'push'", 'production'],
    );
    assert.equal(
      jobs['deploy']?.steps.at(-1)?.run,
      'npx --yes slipway@1.2.3 deploy iris --target production --note "${{ github.sha }}"',
    );
    assert.equal(workflowPath('github', 'iris'), '.github/workflows/slipway-iris.yml');
  });

  it('of GitHub deploys tags where it shall, from the folder of slipway.json', () => {
    const { on, jobs } = parse(workflowText('github', { ...options, on: 'tags', folder: 'ml' })) as {
      on: { push: object };
      jobs: Record<string, { steps: Record<string, string>[] }>;
    };
    assert.deepEqual(on.push, { tags: ['*'] });
    for (const job of ['test', 'deploy']) assert.equal(jobs[job]?.steps.at(-1)?.['working-directory'], 'ml');
  });

  it('of GitLab tests merge requests, and deploys what is pushed to the branch', () => {
    const jobs = parse(workflowText('gitlab', options)) as Record<
      string,
      { stage: string; rules: object[]; script: string[] }
    >;
    const push = { if: '$CI_COMMIT_BRANCH == "main"', changes: options.paths };
    assert.deepEqual(Object.keys(jobs), ['test iris', 'deploy iris']);
    assert.deepEqual(jobs['test iris']?.rules, [
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"', changes: options.paths },
      push,
    ]);
    assert.deepEqual(jobs['deploy iris']?.rules, [push]);
    assert.deepEqual(jobs['deploy iris'].script, [
      'npx --yes slipway@1.2.3 deploy iris --target production --note "$CI_COMMIT_SHORT_SHA"',
    ]);
  });
});
