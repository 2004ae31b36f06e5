import { deployNeeds, type DeployNeeds } from './deployNeeds';
import { aboutPackage, demand, indented, list, packageFile, quoted, shellWord, slipwayCommand } from './text';
import type { WorkflowOptions } from './workflow';

/** A workflow for GitHub Actions. */
export function githubWorkflow(options: WorkflowOptions): string {
  const { model, paths, target, targetConfig, on, version } = options;
  const needs = deployNeeds(targetConfig);
  const push =
    on === 'tags' ? ["tags: ['*']"] : [`branches: [${quoted(on.branch)}]`, `paths: ${list(paths)}`];
  return `# Tests ${model} with its samples, and deploys it to ${target}. Written by Slipway ${version}; yours to change.
name: ${model}
on:
  pull_request:
    paths: ${list(paths)}
  push:
${indented(push, 4)}env:
${indented([...aboutPackage, `SLIPWAY_PACKAGE: ${packageFile}`], 2)}permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
${indented([...checkout, ...step(options, `${slipwayCommand} test ${model} --junit results.xml`)], 6)}  deploy:
    needs: test
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    # Two deploys of one model at the same time would race for its traffic.
    concurrency: slipway-${model}-${target}
    environment: ${target}
${indented(engine(needs, target), 4)}    steps:
${indented(
  [
    ...engineNamed(needs, target),
    ...checkout,
    ...login(needs),
    ...sshAgent(needs),
    ...certificates(needs, options),
    ...kubeconfig(needs, options),
    ...step(options, `${slipwayCommand} deploy ${model} --target ${target} --note "\${{ github.sha }}"`),
  ],
  6,
)}`;
}

const checkout = [
  '- uses: actions/checkout@v4',
  '  with:',
  '    lfs: true',
  '- uses: actions/setup-node@v4',
  '  with:',
  '    node-version: 24',
];

function step(options: WorkflowOptions, command: string): string[] {
  return [`- run: ${command}`, ...inFolder(options)];
}

/** Below a step, which then runs where `slipway.json` is. */
function inFolder({ folder }: WorkflowOptions): string[] {
  return folder === '.' ? [] : [`  working-directory: ${quoted(folder)}`];
}

function engine({ engine, dockerContext }: DeployNeeds, target: string): string[] {
  if (dockerContext !== undefined)
    return [
      `# ${target} is the Docker context ${quoted(dockerContext)}, which the runner does not have: name its engine as "host" in slipway.json instead.`,
    ];
  switch (engine) {
    case 'named':
      return [`# slipway.json names the Docker engine of ${target}.`];
    case 'own':
      return ["# The image is built on the runner's own Docker engine."];
    case 'variable':
      return [
        'env:',
        `  # A secret of the environment "${target}": where its Docker engine is, such as ssh://user@host.`,
        '  SLIPWAY_DOCKER_HOST: ${{ secrets.SLIPWAY_DOCKER_HOST }}',
      ];
  }
}

/** Otherwise it would be the runner's own, and what is deployed would be gone when the job ends. */
function engineNamed({ engine }: DeployNeeds, target: string): string[] {
  if (engine !== 'variable') return [];
  const missing = `::error::Set the secret SLIPWAY_DOCKER_HOST of the environment ${target}: where its Docker engine is.`;
  return [
    '- name: Look where the engine is',
    '  run: |',
    ...demand('SLIPWAY_DOCKER_HOST', missing).map((line) => `    ${line}`),
  ];
}

function login({ registry }: DeployNeeds): string[] {
  if (!registry) return [];
  return [
    `# Secrets: who may push to ${registry.host}, and a password or token.`,
    '- uses: docker/login-action@v3',
    '  with:',
    // Without a registry it logs in to Docker Hub.
    ...(registry.host === 'docker.io' ? [] : [`    registry: ${quoted(registry.host)}`]),
    '    username: ${{ secrets.REGISTRY_USERNAME }}',
    '    password: ${{ secrets.REGISTRY_PASSWORD }}',
  ];
}

function sshAgent({ ssh }: DeployNeeds): string[] {
  if (ssh === 'no') return [];
  return [
    "# Secrets: a private key that the engine's machine lets in, and the line of ssh-keyscan that the machine is known by.",
    '- name: Let ssh in',
    ...(ssh === 'perhaps' ? ["  if: startsWith(env.SLIPWAY_DOCKER_HOST, 'ssh://')"] : []),
    '  env:',
    '    SSH_PRIVATE_KEY: ${{ secrets.SSH_PRIVATE_KEY }}',
    '    SSH_KNOWN_HOSTS: ${{ secrets.SSH_KNOWN_HOSTS }}',
    '  run: |',
    '    mkdir -p -m 700 ~/.ssh',
    `    printf '%s\\n' "$SSH_KNOWN_HOSTS" >> ~/.ssh/known_hosts`,
    '    eval "$(ssh-agent -s)"',
    `    printf '%s\\n' "$SSH_PRIVATE_KEY" | ssh-add -`,
    '    echo "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" >> "$GITHUB_ENV"',
  ];
}

function certificates({ certificates }: DeployNeeds, options: WorkflowOptions): string[] {
  if (certificates.length === 0) return [];
  return [
    '# Secrets: the certificates that slipway.json names, where they are not in the repository.',
    '- name: Write the certificates of the engine',
    '  env:',
    ...certificates.map(({ secret }) => `    ${secret}: \${{ secrets.${secret} }}`),
    '  run: |',
    '    umask 077',
    ...certificates.flatMap(({ secret, path }) => {
      const file = shellWord(path);
      return [
        `    if [ ! -e ${file} ]; then`,
        `      mkdir -p "$(dirname ${file})"`,
        `      printf '%s\\n' "$${secret}" > ${file}`,
        '    fi',
      ];
    }),
    ...inFolder(options),
  ];
}

function kubeconfig({ kubeconfig }: DeployNeeds, options: WorkflowOptions): string[] {
  if (!kubeconfig) return [];
  const { path } = kubeconfig;
  const file = path === undefined ? '"$RUNNER_TEMP/kubeconfig"' : shellWord(path);
  return [
    '# A secret: the kubeconfig, as kubectl config view --raw --flatten prints it.',
    '- name: Write the kubeconfig',
    '  env:',
    '    KUBECONFIG_TEXT: ${{ secrets.KUBECONFIG }}',
    '  run: |',
    '    umask 077',
    ...(path === undefined ? [] : [`    mkdir -p "$(dirname ${file})"`]),
    `    printf '%s\\n' "$KUBECONFIG_TEXT" > ${file}`,
    ...(path === undefined ? [`    echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >> "$GITHUB_ENV"`] : []),
    ...inFolder(options),
  ];
}
