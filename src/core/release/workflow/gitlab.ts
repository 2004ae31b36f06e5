import { deployNeeds, type DeployNeeds } from './deployNeeds';
import { aboutPackage, demand, indented, list, packageFile, quoted, shellWord, slipwayCommand } from './text';
import type { WorkflowOptions } from './workflow';

export function gitlabPath(model: string): string {
  return `.gitlab/slipway-${model}.yml`;
}

/** Jobs for GitLab CI, in a file that `.gitlab-ci.yml` includes. */
export function gitlabWorkflow({
  model,
  paths,
  target,
  targetConfig,
  python,
  on,
  version,
  folder,
}: WorkflowOptions): string {
  const needs = deployNeeds(targetConfig);
  const changes = `changes: ${list(paths)}`;
  const pushed =
    on === 'tags'
      ? ['- if: $CI_COMMIT_TAG']
      : [`- if: $CI_COMMIT_BRANCH == ${quoted(on.branch)}`, `  ${changes}`];
  const enter = folder === '.' ? [] : [`- ${quoted(`cd ${shellWord(folder)}`)}`];
  return `# Tests ${model} with its samples, and deploys it to ${target}. Written by Slipway ${version}; yours to change.
# In .gitlab-ci.yml: include: [{ local: ${quoted(gitlabPath(model))} }]
test ${model}:
  image: node:24
  stage: test
${indented(surroundings(python), 2)}  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      ${changes}
${indented(pushed, 4)}  script:
${indented([...enter, `- ${slipwayCommand} test ${model} --junit results.xml`], 4)}  artifacts:
    when: always
    reports:
      junit: ${quoted(folder === '.' ? 'results.xml' : `${folder}/results.xml`)}
deploy ${model}:
  image: node:24
  stage: deploy
  # Two deploys of one model at the same time would race for its traffic.
  resource_group: slipway-${model}-${target}
  environment: ${target}
${indented(engine(needs, target), 2)}${indented(surroundings(needs.engine === 'own'), 2)}  rules:
${indented(pushed, 4)}  script:
${indented(
  [
    ...engineNamed(needs, target),
    ...enter,
    ...login(needs),
    ...sshAgent(needs),
    ...certificates(needs),
    ...kubeconfig(needs),
    `- ${slipwayCommand} deploy ${model} --target ${target} --note "$CI_COMMIT_SHORT_SHA"`,
  ],
  4,
)}`;
}

/** The variables of a job and, where it uses one, an engine beside it. Source: https://docs.gitlab.com/ci/docker/using_docker_build/ */
function surroundings(withEngine: boolean): string[] {
  const variables = ['variables:', ...indentedLines([...aboutPackage, `SLIPWAY_PACKAGE: ${packageFile}`])];
  if (!withEngine) return variables;
  return [
    '# A Docker engine of the job: its runner must be privileged and share /certs/client, as those of GitLab.com do.',
    'services:',
    '  - name: docker:28-dind',
    '    alias: docker',
    ...variables,
    '  DOCKER_HOST: tcp://docker:2376',
    '  DOCKER_TLS_VERIFY: "1"',
    '  DOCKER_TLS_CERTDIR: /certs',
    '  DOCKER_CERT_PATH: /certs/client',
  ];
}

function indentedLines(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function engine({ engine, dockerContext }: DeployNeeds, target: string): string[] {
  if (dockerContext !== undefined)
    return [
      `# ${target} is the Docker context ${quoted(dockerContext)}, which the job does not have: name its engine as "host" in slipway.json instead.`,
    ];
  if (engine === 'named') return [`# slipway.json names the Docker engine of ${target}.`];
  if (engine === 'own') return [];
  return [
    `# SLIPWAY_DOCKER_HOST, a variable of the project: where the Docker engine of ${target} is, such as ssh://user@host.`,
  ];
}

/** Otherwise it would be one that is gone when the job ends. */
function engineNamed({ engine }: DeployNeeds, target: string): string[] {
  if (engine !== 'variable') return [];
  const missing = `Set the variable SLIPWAY_DOCKER_HOST of the project: where the Docker engine of ${target} is.`;
  return ['- |', ...indentedLines(demand('SLIPWAY_DOCKER_HOST', missing))];
}

function login({ registry }: DeployNeeds): string[] {
  if (!registry) return [];
  return [
    `# Masked variables of the project: who may push to ${registry.host}, and a password or token.`,
    '- |',
    '  mkdir -p ~/.docker',
    `  auth=$(printf '%s:%s' "$REGISTRY_USERNAME" "$REGISTRY_PASSWORD" | base64 -w 0)`,
    `  printf '{"auths": {"%s": {"auth": "%s"}}}' ${shellWord(registry.key)} "$auth" > ~/.docker/config.json`,
  ];
}

function sshAgent({ ssh }: DeployNeeds): string[] {
  if (ssh === 'no') return [];
  const start = [
    'mkdir -p -m 700 ~/.ssh',
    'cat "$SSH_KNOWN_HOSTS" >> ~/.ssh/known_hosts',
    'eval "$(ssh-agent -s)"',
    `tr -d '\\r' < "$SSH_PRIVATE_KEY" | ssh-add -`,
  ];
  const lines =
    ssh === 'yes'
      ? start
      : ['case "$SLIPWAY_DOCKER_HOST" in ssh://*)', ...start.map((line) => `  ${line}`), 'esac'];
  return [
    "# Variables of the project, of the type File: a private key that the engine's machine lets in, and the line of ssh-keyscan that it is known by.",
    '- |',
    ...lines.map((line) => `  ${line}`),
  ];
}

function certificates({ certificates }: DeployNeeds): string[] {
  if (certificates.length === 0) return [];
  const write = certificates.flatMap(({ secret, path }) => {
    const file = shellWord(path);
    return [
      `if [ ! -e ${file} ]; then`,
      `  mkdir -p "$(dirname ${file})"`,
      `  cp "$${secret}" ${file}`,
      `  chmod 600 ${file}`,
      'fi',
    ];
  });
  return [
    `# ${certificates.map(({ secret }) => secret).join(', ')}: variables of the project, of the type File, for certificates that are not in the repository.`,
    '- |',
    ...indentedLines(write),
  ];
}

function kubeconfig({ kubeconfig }: DeployNeeds): string[] {
  if (!kubeconfig) return [];
  const said =
    '# KUBECONFIG, a variable of the project of the type File: as kubectl config view --raw --flatten prints it.';
  if (kubeconfig.path === undefined) return [said];
  const file = shellWord(kubeconfig.path);
  return [said, '- |', '  umask 077', `  mkdir -p "$(dirname ${file})"`, `  cp "$KUBECONFIG" ${file}`];
}
