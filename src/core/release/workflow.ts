/** Which CI system a workflow is for. */
export type CiSystem = 'github' | 'gitlab';

export interface WorkflowOptions {
  /** Name of the model in `slipway.json`. */
  model: string;
  /** Files whose change concerns the model, relative to the repository. */
  paths: string[];
  target: string;
  /** What sets a deploy off: a push to this branch, or any tag. */
  on: { branch: string } | 'tags';
  /** Slipway's version, which the workflow pins. */
  version: string;
  /** Folder of `slipway.json` in the repository; `.` for its root. */
  folder: string;
}

/** Where a workflow's file goes, relative to the repository. */
export function workflowPath(system: CiSystem, model: string): string {
  return system === 'github' ? `.github/workflows/slipway-${model}.yml` : `.gitlab/slipway-${model}.yml`;
}

/** A CI workflow that tests a model on each change, and deploys it. */
export function workflowText(system: CiSystem, options: WorkflowOptions): string {
  return system === 'github' ? github(options) : gitlab(options);
}

function github({ model, paths, target, on, version, folder }: WorkflowOptions): string {
  const push =
    on === 'tags'
      ? "    tags: ['*']"
      : `    branches: [${quoted(on.branch)}]\n    paths: [${paths.map(quoted).join(', ')}]`;
  const inFolder = folder === '.' ? '' : `\n        working-directory: ${quoted(folder)}`;
  const slipway = `npx --yes slipway@${version}`;
  return `# Tests ${model} with its samples, and deploys it to ${target}. Written by Slipway; yours to change.
name: ${model}
on:
  pull_request:
    paths: [${paths.map(quoted).join(', ')}]
  push:
${push}
permissions:
  contents: read
# Two deploys of one model at the same time would race for its traffic.
concurrency: slipway-${model}-${target}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          lfs: true
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: ${slipway} test ${model} --junit results.xml${inFolder}
  deploy:
    needs: test
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    environment: ${target}
    env:
      # A secret of the environment "${target}": where its Docker engine is, such as ssh://user@host or tcp://host:2376.
      SLIPWAY_DOCKER_HOST: \${{ secrets.SLIPWAY_DOCKER_HOST }}
    steps:
      - uses: actions/checkout@v4
        with:
          lfs: true
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: ${slipway} deploy ${model} --target ${target} --note "\${{ github.sha }}"${inFolder}
`;
}

function gitlab({ model, paths, target, on, version, folder }: WorkflowOptions): string {
  const changes = `changes: [${paths.map(quoted).join(', ')}]`;
  const when =
    on === 'tags'
      ? '    - if: $CI_COMMIT_TAG'
      : `    - if: $CI_COMMIT_BRANCH == ${quoted(on.branch)}\n      ${changes}`;
  const enter = folder === '.' ? '' : `    - cd ${quoted(folder)}\n`;
  const slipway = `npx --yes slipway@${version}`;
  return `# Tests ${model} with its samples, and deploys it to ${target}. Written by Slipway; yours to change.
# In .gitlab-ci.yml: include: [{ local: ${quoted(workflowPath('gitlab', model))} }]
test ${model}:
  image: node:24
  stage: test
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      ${changes}
${when}
  script:
${enter}    - ${slipway} test ${model} --junit results.xml
  artifacts:
    when: always
    reports:
      junit: ${folder === '.' ? '' : `${folder}/`}results.xml
deploy ${model}:
  image: node:24
  stage: deploy
  # Two deploys of one model at the same time would race for its traffic.
  resource_group: slipway-${model}-${target}
  environment: ${target}
  # SLIPWAY_DOCKER_HOST is a variable of the project: where the target's Docker engine is, such as ssh://user@host or tcp://host:2376.
  rules:
${when}
  script:
${enter}    - ${slipway} deploy ${model} --target ${target} --note "$CI_COMMIT_SHORT_SHA"
`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
