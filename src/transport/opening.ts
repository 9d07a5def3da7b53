// Opening: what a stranger's first bytes look like. Frames begin with a length far below 2**24, so with a
// zero byte; everything else on the internet begins with something else.

/**
 * 'tls' is a client's first record, 'tls-alert' what a TLS server answers to bytes that it does not
 * understand.
 */
export type Opening = 'frames' | 'tls' | 'tls-alert' | 'http' | 'unknown';

const HANDSHAKE_RECORD = 0x16;
const ALERT_RECORD = 0x15;
const TLS_MAJOR = 0x03;
const HTTP = /^(GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) |^HTTP\//;
/** The longest method and its space. */
const HTTP_BYTES = 8;

/** Judges by the first chunk that arrived, which has at least one byte. */
export function recogniseOpening(first: Uint8Array): Opening {
  const [type, major = TLS_MAJOR] = first;
  if (type === 0) return 'frames';
  if (type === HANDSHAKE_RECORD && major === TLS_MAJOR) return 'tls';
  if (type === ALERT_RECORD && major === TLS_MAJOR) return 'tls-alert';
  return HTTP.test(String.fromCharCode(...first.subarray(0, HTTP_BYTES))) ? 'http' : 'unknown';
}
