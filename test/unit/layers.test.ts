import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';

/** What every layer shares. */
const shared = [
  'core/errors',
  'core/fileErrors',
  'core/logger',
  'core/childController',
  'core/dispose',
  'core/event',
  'core/task',
  'core/unlessAborted',
  'core/jsonDocument',
  'core/secrets',
  'core/serverRuntime',
  'core/processes',
];

/** What each folder may import, beside itself and what is shared; the longest name that fits counts. */
const allowed: Record<string, string[]> = {
  cli: ['core'],
  contributions: [],
  'core/config': ['core/model/modelKind'],
  'core/docker': [],
  'core/endpoint': ['core/docker', 'core/image', 'core/inference', 'core/model'],
  'core/image': ['core/model', 'core/docker', 'core/endpoint/endpoint'],
  'core/inference': ['core/model/signature'],
  'core/metrics': ['core/inference'],
  'core/model': ['core/inference/tensor'],
  'core/protocol': ['core'],
  'core/release': ['core'],
  'core/sample': ['core/model', 'core/inference'],
  'core/target': ['core/docker', 'core/image', 'core/inference', 'core/endpoint/endpoint'],
  core: [],
  editor: ['core', 'contributions', 'vscode'],
  extension: ['core', 'contributions', 'editor', 'vscode'],
  // Sealed workers are containers.
  server: ['core/inference', 'core/model', 'core/docker'],
  webview: ['core/protocol'],
};

const mostLines = 400;

const files = ['src', 'webview'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('the layers', () => {
  it('import only downwards', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => !mayImport(placeOf(file), imported))
        .map((imported) => `${file} imports ${imported}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('are looked at: a wrong import would be seen', () => {
    assert.ok(files.length > 100, `only ${files.length} files`);
    assert.equal(mayImport('core/model/inspectModel', 'vscode'), false);
    assert.equal(mayImport('core/model/inspectModel', 'core/sample/sample'), false);
    assert.equal(mayImport('webview/metrics/main', 'core/metrics/parse'), false);
    assert.equal(mayImport('editor/commands/serve', 'core/endpoint/endpoint'), true);
  });

  it(`have no file of more than ${mostLines} lines`, () => {
    assert.deepEqual(
      files.filter((file) => readFileSync(file, 'utf8').split('\n').length > mostLines),
      [],
    );
  });
});

/** `core/model/inspectModel` for `src/core/model/inspectModel.ts`. */
function placeOf(file: string): string {
  return relative('.', file)
    .split(sep)
    .join('/')
    .replace(/^src\//, '')
    .replace(/\.ts$/, '');
}

/** What a file imports of the project, as places, and `vscode`. */
function importsOf(file: string): string[] {
  const specifiers = [
    ...readFileSync(file, 'utf8').matchAll(/(?:from|import|require)\s*\(?\s*'([^']+)'/g),
  ].map(([, specifier]) => specifier as string);
  return specifiers.flatMap((specifier) => {
    if (specifier === 'vscode') return [specifier];
    return specifier.startsWith('.') && !specifier.endsWith('.json')
      ? [placeOf(resolve(dirname(file), specifier))]
      : [];
  });
}

function mayImport(from: string, imported: string): boolean {
  const layer = Object.keys(allowed)
    .filter((name) => inside(from, name))
    .sort((a, b) => b.length - a.length)[0];
  if (layer === undefined) return false;
  // What lies directly in `core` is a layer of single files.
  const own = layer === 'core' ? [] : [layer];
  return [...own, ...shared, ...(allowed[layer] ?? [])].some((name) => inside(imported, name));
}

function inside(place: string, folder: string): boolean {
  return place === folder || posix.dirname(place).concat('/').startsWith(`${folder}/`);
}
