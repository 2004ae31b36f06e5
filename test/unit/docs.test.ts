import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { parseConfig } from '../../src/core/config/config';
import { configSchema } from '../../src/core/config/schema';
import { parseSamples } from '../../src/core/sample/samplesFile';

interface Schema {
  properties?: Record<string, Schema & { const?: string }>;
  additionalProperties?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);
const pages = ['README.md', ...docs.map((name) => join('docs', name))].map((file) => ({
  file,
  text: readFileSync(file, 'utf8'),
}));
/** The pages that tell of each kind of target, and the one about what all have in common. */
const pagesOf: Record<string, string[]> = {
  docker: ['targets/docker'],
  kubernetes: ['targets/kubernetes'],
  // What it has in common with Kubernetes is told there.
  kserve: ['targets/kserve', 'targets/kubernetes'],
  deploying: ['deploying'],
};

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] };

describe('the documentation', () => {
  for (const { file, text } of pages) {
    const examples = [...text.matchAll(/^```jsonc?\n([^]*?)^```$/gm)].map(([, json = '']) => json);
    for (const [index, json] of examples.entries()) {
      it(`has examples that are right: ${file}, ${index + 1}`, () => {
        const { problems } = /"samples":\s*\[/.test(json) ? parseSamples(json) : parseConfig(json);
        assert.deepEqual(
          problems.map(({ message }) => message),
          [],
          json,
        );
      });
    }

    it(`leads to pages and pictures that are there, also where it is packaged: ${file}`, () => {
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
      for (const [, path = '', anchor] of links) {
        const to = path === '' ? file : normalize(join(dirname(file), path));
        assert.ok(existsSync(to), `${to} is not there`);
        assert.ok(
          manifest.files.some((packaged) => to === packaged || to.startsWith(`${packaged}/`)),
          `${to} is not packaged`,
        );
        if (anchor !== undefined) assert.ok(headings(to).includes(anchor), `${to} has no #${anchor}`);
      }
    });
  }

  it('says something of each property that a target can have', () => {
    const told = (kind: string) =>
      pages
        .filter(({ file }) => pagesOf[kind]?.includes(file.replace(/^docs\/|\.md$/g, '')))
        .map(({ text }) => text)
        .join('\n');
    const json = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
    const targets = json.properties?.['targets']?.additionalProperties;
    const kinds = targets?.oneOf ?? targets?.anyOf ?? [];
    assert.equal(kinds.length, 3);
    for (const { properties = {} } of kinds) {
      const kind = properties['kind']?.const ?? '';
      // In a table, by itself or with others: `platform`, `platforms`.
      const missing = Object.keys(properties).filter(
        (name) => name !== 'kind' && !new RegExp(`^\\|[^|]*\`${name}\``, 'm').test(told(kind)),
      );
      assert.deepEqual(missing, [], kind);
    }
    for (const { properties = {} } of ['canary', 'load'].map((name) => kinds[0]?.properties?.[name] ?? {}))
      for (const name of Object.keys(properties))
        assert.match(told('deploying'), new RegExp(`^\\|[^|]*\\.${name}\``, 'm'));
  });
});

/** What links to its headings end with. */
function headings(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
