import type { ReleaseFacts, SampleProof } from '../../src/core/protocol/release';
import { element, icon, setText } from '../shared/dom';
import { KeyedList, type Row } from '../shared/keyedList';
import { Section } from './section';
import { resultFaces } from './words';

type Entry = SampleProof & { key: string };

/** What the release was proven with before it got its traffic. */
export class Samples {
  readonly node: HTMLElement;
  readonly #words = element('p');
  readonly #table: HTMLTableElement;
  readonly #rows = new KeyedList<Entry>(element('tbody'), ({ key }) => key, rowOf);

  constructor() {
    const titles = ['Sample', 'Result', 'Latency'].map((title) => element('th', { scope: 'col' }, title));
    this.#table = element(
      'table',
      {},
      element('caption', { class: 'visually-hidden' }, 'Samples that it was proven with'),
      element('thead', {}, element('tr', {}, ...titles)),
      this.#rows.node,
    );
    this.node = new Section('Samples', this.#words, this.#table).node;
  }

  show({ proof, steps }: ReleaseFacts): void {
    const none =
      steps.length > 0
        ? 'The results are kept once it has all the traffic.'
        : 'Nothing is kept of what it was proven with.';
    setText(this.#words, proof ? sentence(proof.words) : none);
    const samples = proof?.samples ?? [];
    this.#table.hidden = samples.length === 0;
    // Names need not differ.
    this.#rows.show(samples.map((sample, index) => ({ ...sample, key: `${index} ${sample.name}` })));
  }
}

function rowOf(): Row<Entry> {
  const name = element('th', { scope: 'row' });
  const image = element('span');
  const word = element('span');
  const latency = element('td', { class: 'number' });
  const node = element('tr', {}, name, element('td', { class: 'result' }, image, word), latency);
  const show = (sample: Entry) => {
    setText(name, sample.name);
    setText(latency, `${sample.milliseconds} ms`);
    if (node.dataset['result'] === sample.result) return;
    node.dataset['result'] = sample.result;
    image.replaceChildren(icon(resultFaces[sample.result].icon));
    setText(word, resultFaces[sample.result].word);
  };
  return { node, show };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
