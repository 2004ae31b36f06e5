import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { commands, contextKeys, views } from '../../src/contributions';
import { modelExtensions } from '../../src/core/model/modelKind';

interface Menu {
  command: string;
  when?: string;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  icon: string;
  activationEvents: string[];
  contributes: {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    views: Record<string, { id: string; icon: string }[]>;
    viewsWelcome: { view: string; contents: string; when?: string }[];
    menus: Record<string, Menu[]>;
    configuration: { properties: Record<string, { default: unknown }> };
    walkthroughs: {
      steps: { description: string; media: { markdown: string }; completionEvents: string[] }[];
    }[];
  };
};
const { contributes } = manifest;
const source = readFileSync('src/contributions.ts', 'utf8');

describe('package.json', () => {
  const known = Object.values<string>(commands);

  it('has every command of contributions.ts, and no other', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...known].sort());
    for (const { category } of contributes.commands) assert.equal(category, 'Slipway');
  });

  it('has every view, and no other', () => {
    const ids = Object.values(contributes.views).flatMap((all) => all.map(({ id }) => id));
    assert.deepEqual(ids.sort(), Object.values<string>(views).sort());
    const welcomed = new Set(contributes.viewsWelcome.map(({ view }) => view));
    assert.deepEqual([...welcomed].sort(), ids);
  });

  it('has every setting with a default, and no other', () => {
    const declared = [...source.matchAll(/^ {2}'(slipway\.[\w.]+)':/gm)].map(([, key]) => key as string);
    assert.deepEqual(Object.keys(contributes.configuration.properties).sort(), declared.sort());
    for (const [key, { default: value }] of Object.entries(contributes.configuration.properties)) {
      assert.notEqual(value, undefined, `${key} has no default`);
    }
  });

  it('names only commands, context keys and files that there are', () => {
    const menus = Object.values(contributes.menus).flat();
    const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    const links = [
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...steps.map(({ description }) => description),
    ]
      .join('\n')
      .matchAll(/command:(slipway\.\w+)\)/g);
    const used = [
      ...menus.map(({ command }) => command),
      ...[...links].map(([, command]) => command as string),
    ];
    assert.deepEqual(
      used.filter((command) => !known.includes(command)),
      [],
    );

    const whens = [...menus, ...contributes.viewsWelcome].map(({ when }) => when ?? '').join(' ');
    const keys = [...whens.matchAll(/slipway\.(\w+)/g)].map(([key]) => key);
    const there = [...Object.values<string>(contextKeys), ...Object.values<string>(views)];
    assert.deepEqual(
      keys.filter((key) => !there.includes(key)),
      [],
    );

    const files = [manifest.icon, ...steps.map(({ media }) => media.markdown)];
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
  });

  it('offers in an untrusted workspace only what runs nothing', () => {
    const offered = contributes.commands.filter(({ enablement }) => enablement !== 'isWorkspaceTrusted');
    const harmless = [
      ...[commands.newSamples, commands.openSamples, commands.openConfig, commands.createConfig],
      ...[commands.copyUrl, commands.copyCurl, commands.openLogs, commands.openMetrics, commands.refresh],
      ...[commands.stopEndpoint, commands.removeEndpoint],
      ...[commands.showRelease, commands.releaseHistory, commands.compareRelease, commands.copyReleaseLink],
      ...[commands.showLog, commands.openWalkthrough],
    ];
    assert.deepEqual(offered.map(({ command }) => command).sort(), [...harmless].sort());
  });

  it('wakes where there are models or samples, and not for any JSON file', () => {
    const { activationEvents } = manifest;
    assert.ok(!activationEvents.some((event) => event.startsWith('onLanguage')));
    const ends = ['samples.json', ...modelExtensions].join(',');
    for (const file of [`**/*.{${ends}}`, '**/MLmodel', 'slipway.json'])
      assert.ok(activationEvents.includes(`workspaceContains:${file}`), file);
  });

  it('has a menu on every line that something can be done with', () => {
    const menus = contributes.menus['view/item/context'] ?? [];
    const on = (item: string) =>
      menus
        .filter(({ when = '' }) => {
          const [, plain, pattern] = /viewItem (?:== (\w+)|=~ \/(.*)\/)/.exec(when) ?? [];
          return plain === item || (pattern !== undefined && new RegExp(pattern).test(item));
        })
        .map(({ command }) => command);
    for (const name of ['deploy', 'planDeploy', 'createWorkflow', 'openConfig', 'refresh'] as const)
      assert.ok(on('target').includes(commands[name]), name);
    assert.ok(!on('target').includes(commands.exportManifests));
    assert.ok(on('target.canExport').includes(commands.exportManifests));
    for (const name of ['deploy', 'exportManifests', 'createWorkflow'] as const)
      assert.ok(on('model').includes(commands[name]), name);
    assert.ok(on('releases.serving').includes(commands.deployAgain));
  });
});
