/**
 * Builds everything that runs: `node esbuild.mjs [--production] [--watch] [--tests] [--out=FOLDER]`.
 * Types are checked apart, by `npm run check`.
 */
import { build, context } from 'esbuild';
import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const tests = process.argv.includes('--tests');
const [dist] = process.argv
  .flatMap((flag) => (flag.startsWith('--out=') ? [flag.slice(6)] : []))
  .concat('dist');

const common = { bundle: true, sourcemap: !production, minify: production, logLevel: 'warning' };
/** The SSH client of dockerode tries native helpers and does without them. */
const optionalNative = ['cpu-features', '*.node'];
const node = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: optionalNative,
  // The CommonJS form of jsonc-parser hides its requires from bundlers.
  mainFields: ['module', 'main'],
  // zod looks at it, and VS Code reports extensions that do.
  define: { navigator: 'undefined' },
};
const page = { ...common, platform: 'browser', format: 'iife', target: 'chrome120' };

const targets = [
  {
    ...node,
    entryPoints: { extension: 'src/extension.ts' },
    outdir: dist,
    external: ['vscode', 'dockerode', '@kubernetes/client-node', ...optionalNative],
  },
  {
    ...node,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: dist,
    external: ['dockerode', '@kubernetes/client-node', ...optionalNative],
    banner: { js: '#!/usr/bin/env node' },
  },
  // Apart, so that it is read and compiled only where a Docker engine is used.
  { ...node, entryPoints: { 'node_modules/dockerode/index': 'dockerode' }, outdir: dist },
  // So is what is used of the client of Kubernetes, where a cluster is used.
  {
    ...node,
    entryPoints: {
      'node_modules/@kubernetes/client-node/index': 'src/core/target/kubernetes/clientParts.ts',
    },
    outdir: dist,
  },
  {
    ...node,
    entryPoints: { server: 'src/server/main.ts', onnxWorker: 'src/server/onnx/worker.ts' },
    outdir: dist,
    external: ['onnxruntime-node', 'dockerode'],
  },
  {
    ...page,
    entryPoints: { metrics: 'webview/metrics/main.ts', release: 'webview/release/main.ts' },
    outdir: `${dist}/webview`,
  },
  ...(tests
    ? [
        {
          ...node,
          entryPoints: ['test/editor/index.ts', 'test/editor/**/*.test.ts'],
          outbase: 'test/editor',
          outdir: 'out/test/editor',
          sourcemap: 'inline',
          external: ['vscode', 'mocha', 'onnxruntime-node', ...optionalNative],
        },
      ]
    : []),
];

/** Copies what `wanted` names of a folder, and of that what changed only: a library that is in use must not be written over. */
async function copy(folder, to, wanted) {
  const filter = async (from, target) => {
    const source = await stat(from);
    if (source.isDirectory()) return true;
    if (!wanted(relative(folder, from).replaceAll('\\', '/'))) return false;
    const copied = await stat(target).catch(() => undefined);
    return copied?.size !== source.size || copied.mtimeMs !== source.mtimeMs;
  };
  await cp(folder, to, { recursive: true, preserveTimestamps: true, filter });
}

/** What runs of onnxruntime: for this machine, and for the Linux machines that images are built for. */
async function copyRuntime() {
  const platforms = [`${process.platform}/${process.arch}`, 'linux/x64', 'linux/arm64'];
  const binaries = platforms.map((platform) => `bin/napi-v6/${platform}/`);
  await copy(
    'node_modules/onnxruntime-node',
    `${dist}/node_modules/onnxruntime-node`,
    (file) =>
      /^package\.json$|^dist\/[^/]+\.js$/.test(file) || binaries.some((folder) => file.startsWith(folder)),
  );
  await copy('node_modules/onnxruntime-common', `${dist}/node_modules/onnxruntime-common`, (file) =>
    /^package\.json$|^dist\/cjs\/.*\.(js|json)$/.test(file),
  );
}

/** The JSON schemas that give completion and hover in `slipway.json` and in samples files. */
async function writeSchemas() {
  const sources = {
    'slipway.schema.json': ['src/core/config/schema.ts', 'configSchema'],
    'samples.schema.json': ['src/core/sample/schema.ts', 'samplesSchema'],
  };
  await mkdir(`${dist}/schemas`, { recursive: true });
  for (const [name, [entry, exported]] of Object.entries(sources)) {
    const contents = `import * as z from 'zod'; import { ${exported} } from './${entry}';
      export default z.toJSONSchema(${exported}, { io: 'input', unrepresentable: 'any' });`;
    const outfile = resolve(`out/schemas/${name}.mjs`);
    await build({
      stdin: { contents, resolveDir: '.' },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'warning',
    });
    const schema = await import(pathToFileURL(outfile).href);
    await writeFile(`${dist}/schemas/${name}`, `${JSON.stringify(schema.default, null, 2)}\n`);
  }
}

let building = 0;

/** Tells the editor's task when a rebuild starts and ends, and what is wrong, in a form its problem matcher reads. */
const reporter = {
  name: 'reporter',
  setup(build) {
    build.onStart(() => {
      if (building++ === 0) console.log('[watch] build started');
    });
    build.onEnd(({ errors }) => {
      for (const { text, location } of errors) {
        console.error(`✘ [ERROR] ${text}`);
        if (location) console.error(`    ${location.file}:${location.line}:${location.column}:`);
      }
      if (--building === 0) console.log('[watch] build finished');
    });
  },
};

if (tests) await rm('out/test/editor', { recursive: true, force: true });
await Promise.all([
  copyRuntime(),
  copy('src/server/python', `${dist}/python`, (file) => file.endsWith('.py')),
  copy('node_modules/@vscode/codicons/dist', `${dist}/webview`, (file) => /\.(css|ttf)$/.test(file)),
  writeSchemas(),
]);
if (watch) {
  for (const target of targets) {
    await (await context({ ...target, logLevel: 'silent', plugins: [reporter] })).watch();
  }
} else {
  // What is wrong is printed already.
  await Promise.all(targets.map((target) => build(target))).catch(() => process.exit(1));
}
