// The error table, its documentation and its class agree with each other and with the list of codes that
// users rely on.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChordError, ERRORS, type ErrorCode } from '../../src/node/errors.ts';

const WHOLE = readFileSync(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8');
/** What sockets reject with; the rest is the command line's (tests/cli/error-codes.test.ts). */
const [DOCS = ''] = WHOLE.split(/^## Codes of the command line$/m);

/** The contract; a code that is added to the table is added here too, and none is ever removed. */
const CONTRACT =
  'ERR_KEY_NOT_FOUND ERR_TIMEOUT ERR_UNREACHABLE ERR_QUORUM ERR_CONFLICT ERR_NOT_CONNECTED ERR_CLOSED ' +
  'ERR_PROTOCOL_MISMATCH ERR_UNAUTHORIZED ERR_CLOCK_SKEW ERR_RING_FULL ERR_VALUE_TOO_LARGE ' +
  'ERR_KEY_TOO_LARGE ERR_LIMIT ERR_ADDRESS_IN_USE ERR_NOT_A_NUMBER ERR_NOT_JSON ERR_NOT_UTF8 ERR_STORE';

describe('the table', () => {
  it('holds exactly the codes that users rely on', () => {
    expect(Object.keys(ERRORS).toSorted()).toEqual(CONTRACT.split(' ').toSorted());
  });

  it.each(Object.entries(ERRORS))('%s is documented with the same words', (code, { description, advice }) => {
    expect(DOCS).toContain(`### ${code}\n\n${description}\n\n${advice}\n`);
  });

  it('has every code that the documentation has', () => {
    const documented = [...DOCS.matchAll(/^### (\w+)$/gm)].map(([, code]) => code);
    expect(documented).toEqual(Object.keys(ERRORS));
    for (const [code] of DOCS.matchAll(/\bERR_\w+/g)) expect(Object.keys(ERRORS)).toContain(code);
  });
});

describe('a ChordError', () => {
  it('has code, message, cause and the details it was given, and no others', () => {
    const cause = new Error('below');
    const error = new ChordError('ERR_CONFLICT', 'it was changed', { version: 'v7', cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.version]).toEqual([
      'ChordError',
      'ERR_CONFLICT',
      'it was changed',
      'v7',
    ]);
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).toEqual(['code', 'version']);
    expect('cause' in new ChordError('ERR_CLOSED', 'x')).toBe(false);
  });

  it('keeps its message, and what failed, in JSON', () => {
    const failed = new Map([['key', new ChordError('ERR_QUORUM', 'too few')]]);
    const error = new ChordError('ERR_QUORUM', '1 of 2 keys was not stored', { failed });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'ChordError',
        message: '1 of 2 keys was not stored',
        code: 'ERR_QUORUM',
        failed: [['key', { name: 'ChordError', message: 'too few', code: 'ERR_QUORUM' }]],
      },
    });
  });

  it('documents each of its details', () => {
    const documented = [...DOCS.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '');
    const details = ['cause', 'differs', 'ours', 'theirs', 'version', 'failed', 'address', 'self', 'skewMs'];
    expect(documented.toSorted()).toEqual(details.toSorted());
    const given = { differs: [], version: 'v', failed: new Map(), address: ['h', 1] as const, skewMs: 1 };
    const code: ErrorCode = 'ERR_CONFLICT';
    expect(new ChordError(code, 'x', given)).toMatchObject(given);
  });
});
