import { setMaxListeners } from 'node:events';
import type { Disposable } from './dispose';

/**
 * Aborts with `parent` and, where `milliseconds` are given, with a `TimeoutError` after that time; no more once it is disposed.
 * In place of `AbortSignal.any`, which loses a time-out that is collected before its time, so that it never comes:
 * https://github.com/nodejs/node/issues/57736
 */
export class ChildController extends AbortController implements Disposable {
  readonly #parent: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #follow = () => this.abort(this.#parent?.reason);

  constructor(parent: AbortSignal | undefined, milliseconds?: number) {
    super();
    this.#parent = parent;
    if (parent?.aborted) {
      this.#follow();
      return;
    }
    // Many may follow one: each ends by itself, so that their number is no leak.
    if (parent) setMaxListeners(0, parent);
    parent?.addEventListener('abort', this.#follow, { once: true });
    if (milliseconds !== undefined) this.#timer = setTimeout(() => this.#expire(milliseconds), milliseconds);
    this.#timer?.unref();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#follow);
  }

  #expire(milliseconds: number): void {
    this.abort(new DOMException(`It took longer than ${milliseconds / 1000} s.`, 'TimeoutError'));
    this.dispose();
  }
}
