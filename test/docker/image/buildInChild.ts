/** Builds an image of two steps on the image that is named, of which the second one does not end. It is there to be killed. */
import Docker from 'dockerode';
import { buildImage } from '../../../src/core/image/buildImage';

async function main(from: string, tag: string, label: string): Promise<void> {
  const build = {
    what: 'the image of a child',
    tag,
    from,
    labels: { 'dev.slipway.test': label },
    instructions: ['RUN ["node", "-e", "console.log(\'it runs\'); setInterval(() => 0, 1000)"]'],
    files: [],
  };
  const task = { signal: new AbortController().signal, report: (words: string) => console.log(words) };
  await buildImage(new Docker(), build, task);
}

void main(...(process.argv.slice(2) as [string, string, string]));
