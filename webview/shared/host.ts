/** The editor, as a page sees it: messages to it and from it, and the state it keeps. */
export interface Host<ToEditor, FromEditor, State> {
  post(message: ToEditor): void;
  onMessage(listener: (message: FromEditor) => void): void;
  readonly state: State | undefined;
  keep(state: State): void;
}

/** May be called once in a page. */
export function connectHost<ToEditor, FromEditor, State>(): Host<ToEditor, FromEditor, State> {
  const api = acquireVsCodeApi<State>();
  return {
    post: (message) => api.postMessage(message),
    onMessage: (listener) =>
      window.addEventListener('message', ({ data }: MessageEvent<FromEditor>) => listener(data)),
    get state() {
      return api.getState();
    },
    keep: (state) => void api.setState(state),
  };
}

/** Hands on what goes wrong in the page and nobody caught. */
export function onFailure(report: (message: string) => void): void {
  const text = (error: unknown) =>
    (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2000);
  window.addEventListener('error', ({ error, message }) => report(text(error ?? message)));
  window.addEventListener('unhandledrejection', ({ reason }) => report(text(reason)));
}
