/**
 * Why a request has no answer: the HTTP status that says so, and words for the one who asked.
 * 4xx is the request's fault, 500 the model's, 503 passes, 504 took too long, 507 took too much memory.
 */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** Passes by itself, soon: says when to come again. */
export function comeAgain(message: string): Failure {
  return new Failure(503, message, { 'Retry-After': '1' });
}
