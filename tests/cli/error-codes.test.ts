// The codes that the command line fails with, against docs/ERRORS.md: those of the library, or of its own
// table, both ways.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERRORS } from '../../src/index.ts';

const ROOT = new URL('../../', import.meta.url);
const document = readFileSync(new URL('docs/ERRORS.md', ROOT), 'utf8');
const [, section = ''] = /^## Codes of the command line$(.*)/ms.exec(document) ?? [];
const documented = [...section.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code = '']) => code);

/** Every code that is written out in a source of the command line. */
const used = new Set(
  readdirSync(new URL('src/cli/', ROOT)).flatMap((name) => {
    const source = readFileSync(new URL(`src/cli/${name}`, ROOT), 'utf8');
    return [...source.matchAll(/\bERR_[A-Z_]+\b/g)].map(([code]) => code);
  }),
);

it('every code is one of the library or of the table', () => {
  expect(used.size).toBeGreaterThan(10);
  expect([...used].filter((code) => !(code in ERRORS) && !documented.includes(code))).toEqual([]);
});

it('the table has no other', () => {
  expect(documented.filter((code) => code in ERRORS || !used.has(code))).toEqual([]);
  expect(documented).toContain('ERR_USAGE');
});
