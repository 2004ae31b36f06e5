import type { FromPage, ReleaseFacts, ToPage } from '../../src/core/protocol/release';
import { element, setText } from '../shared/dom';
import type { Host } from '../shared/host';
import { ActionBar } from './actionBar';
import { Addresses } from './addresses';
import { FactList } from './factList';
import { Header } from './header';
import { keep, recall, type Kept } from './kept';
import { Notice } from './notice';
import { Revisions } from './revisions';
import { Samples } from './samples';
import { Section } from './section';
import { Steps } from './steps';
import { healthWords, stateWords, timeWords } from './words';

/** The page of one release: shows what the editor says of it, and what was known last while nobody knows more. */
export class Page {
  readonly #header = new Header();
  readonly #notice: Notice;
  readonly #actions: ActionBar;
  readonly #steps = new Steps();
  readonly #addresses: Addresses;
  readonly #made = new FactList();
  readonly #samples = new Samples();
  readonly #settings = new FactList();
  readonly #revisions: Revisions;
  readonly #main: HTMLElement;
  readonly #announcer = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  readonly #settingsSection = new Section('Settings', this.#settings.node);
  #facts: ReleaseFacts | undefined;
  #at: number | undefined;
  /** What was said last of how the release is: only what differs is announced. */
  #said: string | undefined;

  constructor(
    root: HTMLElement,
    private readonly host: Host<FromPage, ToPage, Kept>,
  ) {
    const open = (id: string) => host.post({ type: 'open', id });
    this.#notice = new Notice({ onRetry: () => host.post({ type: 'retry' }), onOpen: open });
    this.#actions = new ActionBar((action) => host.post({ type: 'run', action }));
    this.#addresses = new Addresses((url) => {
      host.post({ type: 'copyUrl', url });
      setText(this.#announcer, `${url} is on the clipboard`);
    });
    this.#revisions = new Revisions(open);
    this.#main = element(
      'main',
      {},
      this.#steps.node,
      this.#addresses.node,
      new Section('About', this.#made.node).node,
      this.#samples.node,
      this.#settingsSection.node,
      this.#revisions.node,
    );
    root.append(
      element('div', { class: 'top' }, this.#header.node, this.#notice.node, this.#actions.node),
      this.#main,
      this.#announcer,
    );
    this.#main.hidden = true;
  }

  /** Takes a message of the editor. */
  receive(message: ToPage): void {
    const focused = document.activeElement;
    this.#remember(message);
    this.#header.show(message, this.#facts);
    this.#notice.show(message, this.#at);
    this.#actions.show(message.type === 'release' ? message.facts.actions : []);
    this.#main.hidden = message.type === 'gone' || !this.#facts;
    if (this.#facts) this.#showFacts(this.#facts);
    this.#announce(message);
    if (focused && focused !== document.body && !focused.checkVisibility()) this.#header.focus();
  }

  #remember(message: ToPage): void {
    if (this.#facts === undefined)
      ({ facts: this.#facts, at: this.#at } = recall(this.host.state, message.id));
    if (message.type === 'release') [this.#facts, this.#at] = [message.facts, Date.now()];
    if (message.type === 'unreachable') this.#at = message.answered ?? this.#at;
    this.host.keep(keep(message.id, this.#facts, this.#at));
  }

  #showFacts(facts: ReleaseFacts): void {
    const { model, commit, samplesHash, digest, replicas, note, author, created, settings } = facts;
    this.#steps.show(facts.steps);
    this.#addresses.show(facts);
    this.#made.show([
      { name: 'What is new', value: note },
      { name: 'Deployed', value: `${timeWords(created)} by ${author}` },
      { name: 'Commit', value: commit?.replace(/\+$/, ', with changes that are not in it'), isCode: true },
      { name: 'Servers', value: replicas && `${replicas.ready} of ${replicas.wanted} ready` },
      { name: 'Model', value: model.name },
      { name: 'Model file', value: model.path, isCode: true },
      { name: 'Model hash', value: model.hash, isCode: true },
      { name: 'Samples hash', value: samplesHash, isCode: true },
      { name: 'Image', value: digest, isCode: true },
    ]);
    this.#samples.show(facts);
    this.#settings.show(settings.map((setting) => ({ ...setting, isCode: true })));
    this.#settingsSection.node.hidden = settings.length === 0;
    this.#revisions.show(facts.others);
  }

  /** Says what became of the release; not what one finds when the page opens. */
  #announce(message: ToPage): void {
    const words = spoken(message);
    if (this.#said !== undefined && words !== this.#said) setText(this.#announcer, words);
    this.#said = words;
  }
}

function spoken(message: ToPage): string {
  const { name, target } = message;
  if (message.type === 'waiting') return `Asking ${target}`;
  if (message.type === 'unreachable') return `${target} can not be asked: ${message.why}`;
  if (message.type === 'gone') return `${name} is not on ${target} any more.`;
  const { facts } = message;
  const ready = facts.replicas && `${facts.replicas.ready} of ${facts.replicas.wanted} servers are ready`;
  return [`${name}: ${stateWords(facts)}`, healthWords(facts), ready, facts.detail]
    .filter(Boolean)
    .join('. ');
}
