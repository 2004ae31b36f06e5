import { Failure } from '../failure';
import type { Asked } from './exchange';

const close = { Connection: 'close' };

export const tooSlow = new Failure(408, 'The request came too slowly.', close);
export const unexpected = new Failure(417, 'This server knows no expectation but "100-continue".', close);
export const noProxy = new Failure(405, 'This server is no proxy: it does not take CONNECT.', {
  Allow: 'GET, HEAD, POST',
});
const noHost = new Failure(400, 'A request of HTTP/1.1 needs a Host header.', close);
const tooLong = new Failure(431, 'The headers are too long.', close);
const noRequest = new Failure(400, 'This is no valid HTTP request.', close);

/** Codes of errors that say that the client has left: there is nobody to answer. */
export const gone = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

/** What is wrong with something that is no HTTP request, or came too slowly. */
export function refusalOf(code: string): Failure {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow;
  return code === 'HPE_HEADER_OVERFLOW' ? tooLong : noRequest;
}

/** Throws `Failure` 400 when a request does not say which host it asks. */
export function checkHost({ headers, httpVersionMinor }: Asked): void {
  if (headers.host === undefined && httpVersionMinor > 0) throw noHost;
}
