import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { TargetConfig } from '../../../src/core/config/config';
import {
  workflowPath,
  workflowText,
  type WorkflowOptions,
} from '../../../src/core/release/workflow/workflow';
import { temporaryFolder } from '../../host/workspace';

const options: WorkflowOptions = {
  model: 'iris',
  paths: ['models/iris.onnx', 'models/iris.samples.json', 'slipway.json'],
  target: 'production',
  targetConfig: { kind: 'docker' },
  python: false,
  on: { branch: 'main' },
  version: '1.2.3',
  folder: '.',
};

const targets: Record<string, TargetConfig> = {
  'the engine of SLIPWAY_DOCKER_HOST': { kind: 'docker' },
  'an engine by ssh': { kind: 'docker', host: 'ssh://ada@10.0.0.7' },
  'an engine by TLS': { kind: 'docker', host: 'tcp://10.0.0.7:2376', registry: 'ghcr.io/ada' },
  'a context of Docker': { kind: 'docker', context: 'far\nrun: rm' },
  'an engine with certificates of its own': {
    kind: 'docker',
    tls: { ca: 'certs/ca.pem', cert: "~/ada's.pem", key: 'certs/key.pem' },
  },
  'an engine with Docker Hub': { kind: 'docker', registry: 'ada' },
  Kubernetes: { kind: 'kubernetes', registry: 'registry.example.com:5000/ml' },
  'Kubernetes by a kubeconfig': { kind: 'kubernetes', registry: 'ghcr.io/ada', kubeconfig: '~/.kube/my ml' },
  KServe: { kind: 'kserve', registry: 'ghcr.io/ada' },
};

interface Step {
  name?: string;
  uses?: string;
  with?: Record<string, string>;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  'working-directory'?: string;
}

interface Github {
  env: Record<string, string>;
  on: Record<string, object>;
  jobs: Record<
    'test' | 'deploy',
    {
      if?: string;
      needs?: string;
      environment?: string;
      concurrency?: string;
      env?: Record<string, string>;
      steps: Step[];
    }
  >;
}

interface GitlabJob {
  image: string;
  rules: object[];
  script: string[];
  services?: { name: string; alias: string }[];
  variables?: Record<string, string>;
  artifacts?: { reports: { junit: string } };
}

const run = 'npx --yes --package "$SLIPWAY_PACKAGE" slipway';

const github = (changes: Partial<WorkflowOptions> = {}) =>
  parse(workflowText('github', { ...options, ...changes })) as Github;
const gitlab = (changes: Partial<WorkflowOptions> = {}) =>
  parse(workflowText('gitlab', { ...options, ...changes })) as Record<'test iris' | 'deploy iris', GitlabJob>;

/** What the deploy does between the checkout and Slipway. */
const prepared = (targetConfig: TargetConfig) => {
  const { steps } = github({ targetConfig }).jobs.deploy;
  return steps.slice(steps.findIndex(({ uses }) => uses?.startsWith('actions/setup-node')) + 1, -1);
};

describe('a workflow for CI', () => {
  it('of GitHub tests on pull requests, and deploys what is pushed to the branch', () => {
    const { on, jobs } = github();
    assert.deepEqual(on, {
      pull_request: { paths: options.paths },
      push: { branches: ['main'], paths: options.paths },
    });
    const { test, deploy } = jobs;
    assert.equal(test.steps.at(-1)?.run, `${run} test iris --junit results.xml`);
    assert.deepEqual(
      [deploy.needs, deploy.if, deploy.environment, deploy.concurrency],
      ['test', "github.event_name == 'push'", 'production', 'slipway-iris-production'],
    );
    assert.equal(
      deploy.steps.at(-1)?.run,
      `${run} deploy iris --target production --note "\${{ github.sha }}"`,
    );
    assert.equal(workflowPath('github', 'iris'), '.github/workflows/slipway-iris.yml');
  });

  it('of GitHub deploys tags where it shall, from the folder of slipway.json', () => {
    const { on, jobs } = github({ on: 'tags', folder: 'ml "x"' });
    assert.deepEqual(on['push'], { tags: ['*'] });
    for (const { steps } of Object.values(jobs)) assert.equal(steps.at(-1)?.['working-directory'], 'ml "x"');
  });

  it('fails without a SLIPWAY_DOCKER_HOST, only where it counts', () => {
    assert.deepEqual(github().jobs.deploy.env, {
      SLIPWAY_DOCKER_HOST: '${{ secrets.SLIPWAY_DOCKER_HOST }}',
    });
    for (const script of [
      github().jobs.deploy.steps[0]?.run ?? '',
      gitlab()['deploy iris'].script[0] ?? '',
    ]) {
      assert.throws(
        () => sh(script, { SLIPWAY_DOCKER_HOST: '' }),
        ({ stdout }: { stdout: Buffer }) =>
          /Set the (secret|variable) SLIPWAY_DOCKER_HOST/.test(String(stdout)),
      );
      sh(script, { SLIPWAY_DOCKER_HOST: 'ssh://ada@10.0.0.7' });
    }
    for (const [name, targetConfig] of Object.entries(targets)) {
      if (targetConfig.kind === 'docker' && !targetConfig.host && !targetConfig.context) continue;
      assert.equal(github({ targetConfig }).jobs.deploy.env, undefined, name);
      assert.doesNotMatch(workflowText('gitlab', { ...options, targetConfig }), /DOCKER_HOST"/, name);
    }
  });

  it('writes the certificates that slipway.json names, but not over those that are there', async () => {
    const targetConfig = targets['an engine with certificates of its own'] as TargetConfig;
    const home = await temporaryFolder('workflow');
    mkdirSync(join(home, 'certs'));
    writeFileSync(join(home, 'certs/ca.pem'), 'in the repository');
    const [, github_] = prepared(targetConfig).slice(-2);
    assert.deepEqual(github_?.env, {
      DOCKER_TLS_CA: '${{ secrets.DOCKER_TLS_CA }}',
      DOCKER_TLS_CERT: '${{ secrets.DOCKER_TLS_CERT }}',
      DOCKER_TLS_KEY: '${{ secrets.DOCKER_TLS_KEY }}',
    });
    const values = { DOCKER_TLS_CA: 'ca', DOCKER_TLS_CERT: 'a\ncert', DOCKER_TLS_KEY: 'key', HOME: home };
    const written = () =>
      ['certs/ca.pem', "ada's.pem", 'certs/key.pem'].map((file) =>
        readFileSync(join(home, file), 'utf8').trim(),
      );
    sh(github_?.run ?? '', values, home);
    assert.deepEqual(written(), ['in the repository', 'a\ncert', 'key']);
    assert.equal(statSync(join(home, 'certs/key.pem')).mode & 0o077, 0);
    rmSync(join(home, 'certs/key.pem'));
    const files = Object.entries(values).map(([name, text]): [string, string] => {
      if (name !== 'HOME') writeFileSync(join(home, name), text);
      return [name, name === 'HOME' ? home : join(home, name)];
    });
    sh(gitlab({ targetConfig })['deploy iris'].script.at(-2) ?? '', Object.fromEntries(files), home);
    assert.deepEqual(written(), ['in the repository', 'a\ncert', 'key']);
  });

  it('runs the package that it names, and asks nobody for one by name', async () => {
    const folder = await temporaryFolder('workflow');
    const mine = join(folder, 'mine');
    mkdirSync(mine);
    const manifest = { name: 'slipway', version: '9.9.9', bin: { slipway: 'cli.js' } };
    writeFileSync(join(mine, 'package.json'), JSON.stringify(manifest));
    writeFileSync(
      join(mine, 'cli.js'),
      '#!/usr/bin/env node\nconsole.log(process.argv.slice(2).join(" "))\n',
    );
    const { SLIPWAY_PACKAGE: file = '' } = github().env;
    assert.match(file, /^\.\/.*\.tgz$/);
    for (const job of Object.values(gitlab())) assert.equal(job.variables?.['SLIPWAY_PACKAGE'], file);
    const env = {
      SLIPWAY_PACKAGE: file,
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_cache: join(folder, 'cache'),
      npm_config_fetch_retries: '0',
    };
    const test = github().jobs.test.steps.at(-1)?.run ?? '';
    assert.throws(() => sh(test, env, folder));
    execFileSync('npm', ['pack', '--silent', './mine'], { cwd: folder });
    renameSync(join(folder, 'slipway-9.9.9.tgz'), join(folder, file));
    assert.equal(sh(test, env, folder), 'test iris --junit results.xml\n');
  });

  it('of GitHub logs in to the registry of the target', () => {
    const [step, ...more] = prepared({
      kind: 'docker',
      host: 'tcp://10.0.0.7:2376',
      registry: 'ghcr.io/ada',
    });
    assert.deepEqual(more, []);
    assert.equal(step?.uses, 'docker/login-action@v3');
    assert.deepEqual(step.with, {
      registry: 'ghcr.io',
      username: '${{ secrets.REGISTRY_USERNAME }}',
      password: '${{ secrets.REGISTRY_PASSWORD }}',
    });
    assert.equal(prepared({ kind: 'docker', registry: 'ada' })[0]?.with?.['registry'], undefined);
  });

  it('of GitHub gives ssh its key for an engine by ssh', () => {
    const [step, ...more] = prepared({ kind: 'docker', host: 'ssh://ada@10.0.0.7' });
    assert.deepEqual(more, []);
    assert.equal(step?.env?.['SSH_PRIVATE_KEY'], '${{ secrets.SSH_PRIVATE_KEY }}');
    assert.equal(step.if, undefined);
    assert.match(step.run ?? '', /ssh-add -/);
    assert.equal(prepared({ kind: 'docker' })[0]?.if, "startsWith(env.SLIPWAY_DOCKER_HOST, 'ssh://')");
  });

  it('of GitHub writes the kubeconfig for a cluster', async () => {
    const [login, step, ...more] = prepared({ kind: 'kserve', registry: 'ghcr.io/ada' });
    assert.deepEqual([login?.uses, more], ['docker/login-action@v3', []]);
    assert.deepEqual(step?.env, { KUBECONFIG_TEXT: '${{ secrets.KUBECONFIG }}' });
    const home = await temporaryFolder('workflow');
    const env = { KUBECONFIG_TEXT: 'a\nb', RUNNER_TEMP: home, GITHUB_ENV: join(home, 'env'), HOME: home };
    sh(step.run ?? '', env);
    assert.equal(readFileSync(join(home, 'kubeconfig'), 'utf8'), 'a\nb\n');
    assert.equal(readFileSync(join(home, 'env'), 'utf8'), `KUBECONFIG=${home}/kubeconfig\n`);
    const named = prepared({ kind: 'kserve', registry: 'ghcr.io/ada', kubeconfig: "~/.kube/ada's" })[1];
    sh(named?.run ?? '', env);
    assert.equal(readFileSync(join(home, ".kube/ada's"), 'utf8'), 'a\nb\n');
  });

  it('of GitLab tests merge requests, and deploys what is pushed to the branch', () => {
    const jobs = gitlab();
    const push = { if: '$CI_COMMIT_BRANCH == "main"', changes: options.paths };
    assert.deepEqual(Object.keys(jobs), ['test iris', 'deploy iris']);
    assert.deepEqual(jobs['test iris'].rules, [
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"', changes: options.paths },
      push,
    ]);
    assert.deepEqual(jobs['deploy iris'].rules, [push]);
    assert.equal(
      jobs['deploy iris'].script.at(-1),
      `${run} deploy iris --target production --note "$CI_COMMIT_SHORT_SHA"`,
    );
    assert.equal(workflowPath('gitlab', 'iris'), '.gitlab/slipway-iris.yml');
  });

  it('of GitLab works in the folder of slipway.json', () => {
    const jobs = gitlab({ folder: 'ml: x' });
    for (const { script } of Object.values(jobs)) assert.ok(script.slice(0, 2).includes("cd 'ml: x'"));
    assert.equal(jobs['test iris'].artifacts?.reports.junit, 'ml: x/results.xml');
  });

  it('of GitLab has Node, and an engine of its own where one is used', () => {
    const engineOf = ({ image, services, variables }: GitlabJob) => {
      assert.equal(image, 'node:24');
      assert.equal(variables?.['DOCKER_HOST'], services && 'tcp://docker:2376');
      return services?.[0]?.name;
    };
    assert.equal(engineOf(gitlab()['deploy iris']), undefined);
    const ofCluster = gitlab({ targetConfig: targets['KServe'] })['deploy iris'];
    assert.match(engineOf(ofCluster) ?? '', /^docker:\d+-dind$/);
    const far = gitlab({ targetConfig: { kind: 'docker', host: 'ssh://ada@10.0.0.7' } });
    assert.equal(engineOf(far['deploy iris']), undefined);
    assert.equal(engineOf(gitlab()['test iris']), undefined);
    assert.match(engineOf(gitlab({ python: true })['test iris']) ?? '', /-dind$/);
  });

  it('of GitLab logs in to the registry as Docker does', async () => {
    const home = await temporaryFolder('workflow');
    const env = { REGISTRY_USERNAME: 'ada', REGISTRY_PASSWORD: 'p"\'%s', HOME: home };
    for (const [registry, key] of [
      ['ghcr.io/ada', 'ghcr.io'],
      ['ada', 'https://index.docker.io/v1/'],
    ] as const) {
      const targetConfig: TargetConfig = { kind: 'docker', host: 'tcp://10.0.0.7:2376', registry };
      sh(gitlab({ targetConfig })['deploy iris'].script[0] ?? '', env);
      const written = JSON.parse(readFileSync(join(home, '.docker/config.json'), 'utf8')) as object;
      const auth = Buffer.from('ada:p"\'%s').toString('base64');
      assert.deepEqual(written, { auths: { [key]: { auth } } });
    }
  });

  for (const system of ['github', 'gitlab'] as const) {
    for (const [name, targetConfig] of Object.entries(targets)) {
      it(`of ${system} is YAML with scripts that a shell can read, for ${name}`, () => {
        const text = workflowText(system, { ...options, targetConfig, folder: "it's" });
        const read = parse(text, { strict: true, uniqueKeys: true }) as object;
        for (const script of scriptsIn(read)) sh(script, {}, '.', '-n');
        assert.doesNotMatch(text, /undefined|\[object|[ \t]$/m);
        assert.ok(!text.includes('\nrun: rm'));
      });
    }
  }
});

function sh(script: string, env: NodeJS.ProcessEnv, cwd = '.', ...flags: string[]): string {
  return execFileSync('sh', [...flags, '-ec', script], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** All shell scripts of a workflow. */
function scriptsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (key === 'run') return [each as string];
    if (key === 'script') return [(each as string[]).join('\n')];
    return scriptsIn(each);
  });
}
