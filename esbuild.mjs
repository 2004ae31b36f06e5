import { build, context } from 'esbuild';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

const common = { bundle: true, sourcemap: !production, minify: production, logLevel: 'info' };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20' };

const targets = [
  { ...node, entryPoints: ['src/extension.ts'], outdir: 'dist', external: ['vscode'] },
  {
    ...node,
    entryPoints: { server: 'src/server/main.ts', onnxWorker: 'src/server/onnx/worker.ts' },
    outdir: 'dist',
    external: ['onnxruntime-node'],
  },
  {
    ...common,
    entryPoints: { metrics: 'webview/metrics/main.ts' },
    outdir: 'dist/webview',
    platform: 'browser',
    format: 'iife',
    target: 'chrome120',
  },
];
