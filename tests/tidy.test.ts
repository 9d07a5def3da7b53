// Structure and style as ordinary tests. Every rule is run over the project's files, and over samples that
// break it, because a check that cannot fail checks nothing. The rules themselves are in tests/tidy.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkLayers, checkPurity, checkTops } from './tidy/layers.ts';
import * as rules from './tidy/rules.ts';
import { parseFile, readTree, type TidyFile } from './tidy/source-tree.ts';

type Rule = (file: TidyFile) => string[];
type Sample = readonly [path: string, text: string];

interface RuleCase {
  readonly name: string;
  readonly rule: Rule;
  /** Each sample alone must draw a complaint. */
  readonly broken: readonly Sample[];
  /** Each sample must pass, though it looks much like a broken one. */
  readonly sound: readonly Sample[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readTree(root);
const entryPoints = readEntryPoints();

/** The sources of what package.json exports or installs as a command. */
function readEntryPoints(): ReadonlySet<string> {
  const texts = ['package.json', 'bin/chord.mjs'].map((path) => readFileSync(`${root}/${path}`, 'utf8'));
  const built = [...texts.join('\n').matchAll(/["']\.\.?\/dist\/(src\/[^"']+)\.js["']/g)];
  return new Set(built.map((match) => `${match[1]}.ts`));
}

// Not written out, because the rule reads this file too.
const todo = 'todo'.toUpperCase();
const long = (lines: number): string => 'work();\n'.repeat(lines);

const sizeCases: RuleCase[] = [
  {
    name: 'files stay under 400 lines',
    rule: rules.checkFileLength,
    broken: [['src/core/a.ts', long(400)]],
    sound: [['src/core/a.ts', long(399)]],
  },
  {
    name: 'lines stay within 110 columns',
    rule: rules.checkLineWidth,
    broken: [['src/core/a.ts', `// ${'x'.repeat(108)}`]],
    sound: [
      ['src/core/a.ts', `// ${'x'.repeat(107)}`],
      ['src/core/a.ts', `// http://example.org/${'x'.repeat(108)}`],
    ],
  },
  {
    name: 'function bodies stay under 60 lines',
    rule: rules.checkFunctionLength,
    broken: [
      ['src/core/a.ts', `function f() {\n${long(58)}}`],
      ['src/core/a.ts', `class A {\n  constructor() {\n${long(58)}}}`],
      ['src/core/a.ts', `class A {\n  #f = async () => {\n${long(58)}}}`],
      ['src/core/a.ts', `describe('x', () => {\n${long(58)}});`],
      ['tests/a.test.ts', `it('x', () => {\n  const f = () => {\n${long(58)}};\n});`],
    ],
    sound: [
      ['src/core/a.ts', `function f() {\n${long(57)}}`],
      ['tests/a.test.ts', `describe('x', () => {\n${long(58)}});\nit.each([1])('x', () => {\n${long(58)}});`],
    ],
  },
];

const layerCases: RuleCase[] = [
  {
    name: 'core, wire and sim use no clock, no timer, no chance and no host',
    rule: checkPurity,
    broken: [
      ['src/core/a.ts', 'const now = Date.now();'],
      ['src/core/a.ts', 'const chance = Math.random();'],
      ['src/core/a.ts', 'const { random } = Math;'],
      ['src/core/a.ts', 'const now = globalThis.performance.now();'],
      ['src/wire/a.ts', 'setTimeout(work, 1);'],
      ['src/wire/a.ts', 'setInterval(work, 1);'],
      ['src/wire/a.ts', 'const bytes: Buffer = read();'],
      ['src/sim/a.ts', 'const now = performance.now();'],
      ['src/sim/a.ts', 'const { env } = process;'],
      ['src/sim/a.ts', "import { join } from 'node:path';"],
      ['src/sim/a.ts', "const path = await import('node:path');"],
    ],
    sound: [
      ['src/core/a.ts', '// Date.now() and setTimeout are for the caller.\nconst text = "process";'],
      ['src/core/a.ts', 'const done = job.process({ process: Math.floor(1) });'],
      ['src/node/a.ts', "import { join } from 'node:path';\nconst now = Date.now();"],
    ],
  },
  {
    name: 'imports point down the layers',
    rule: checkLayers,
    broken: [
      ['src/core/a.ts', "import { b } from '../wire/b.ts';"],
      ['src/core/a.ts', "import type { B } from '../wire/b.ts';"],
      ['src/core/a.ts', "import { sha256 } from '@noble/hashes/sha2.js';"],
      ['src/wire/a.ts', "export { b } from '../sim/b.ts';"],
      ['src/wire/a.ts', "import { pino } from 'pino';"],
      ['src/sim/a.ts', "const b = await import('../node/b.ts');"],
      ['src/transport/a.ts', "import { b } from '../storage/b.ts';"],
      ['src/storage/a.ts', "type B = import('../node/b.ts').B;"],
      ['src/node/a.ts', "import { b } from '../index.ts';"],
      ['src/node/a.ts', "import { b } from '../../tests/b.ts';"],
      ['src/elsewhere/a.ts', ''],
    ],
    sound: [
      ['src/core/a.ts', "import { b } from './b.ts';\nimport { c } from '../core/c.ts';"],
      ['src/wire/a.ts', "import { b } from '../core/b.ts';\nimport { base58 } from '@scure/base';"],
      ['src/node/a.ts', "import { b } from '../storage/b.ts';\nimport { connect } from 'node:net';"],
      ['src/cli/a.ts', "import { b } from '../index.ts';"],
    ],
  },
  {
    name: 'only entry points import cli, gateway and testing',
    rule: (file) => checkTops(file, entryPoints),
    broken: [
      ['src/node/a.ts', "import { b } from '../testing/b.ts';"],
      ['src/cli/a.ts', "import { b } from '../gateway/b.ts';"],
      ['src/gateway/a.ts', "import { b } from '../cli/b.ts';"],
      ['src/sim/index.ts', "import { b } from '../testing/b.ts';"],
    ],
    sound: [
      ['src/cli/main.ts', "import { b } from '../gateway/b.ts';"],
      ['src/index.ts', "import { b } from './gateway/b.ts';"],
      ['tests/a.test.ts', "import { b } from '../src/cli/b.ts';"],
    ],
  },
];

const formCases: RuleCase[] = [
  {
    name: 'nothing is left unfinished',
    rule: rules.checkUnfinished,
    broken: [
      ['src/core/a.ts', `// ${todo}: the rest`],
      ['src/core/a.ts', `/* ${'fixme'.toUpperCase()} */`],
    ],
    sound: [['src/core/a.ts', "const methodology = 'todo list';"]],
  },
  {
    name: 'no test is focused or skipped',
    rule: rules.checkFocus,
    broken: [
      ['tests/a.test.ts', "it.only('x', work);"],
      ['tests/a.test.ts', "describe.skip('x', work);"],
      ['tests/a.test.ts', "test.concurrent.skip.each([1])('x', work);"],
    ],
    sound: [['src/wire/a.ts', 'reader.skip(4);']],
  },
  {
    name: 'names are kebab-case and say something',
    rule: rules.checkNames,
    broken: [
      ['src/core/fingerTable.ts', ''],
      ['src/core/finger_table.ts', ''],
      ['src/Core/finger-table.ts', ''],
      ['src/core/utils.ts', ''],
      ['src/core/helpers.ts', ''],
      ['src/core/common.ts', ''],
      ['src/core/types.ts', ''],
      ['src/common/finger.ts', ''],
    ],
    sound: [
      ['src/core/finger-table.ts', ''],
      ['tests/core/finger-table.test.ts', ''],
      ['src/pure-globals.d.ts', ''],
    ],
  },
  {
    name: 'nothing is exported as default',
    rule: rules.checkDefaultExports,
    broken: [
      ['src/core/a.ts', 'export default 1;'],
      ['src/core/a.ts', 'export default function f() {}'],
      ['src/core/a.ts', 'const a = 1;\nexport { a as default };'],
    ],
    sound: [['src/core/a.ts', "// export default\nexport const a = { default: 1 };\nimport b from 'b';"]],
  },
  {
    name: 'exports are listed by name',
    rule: rules.checkWildcards,
    broken: [
      ['src/index.ts', "export * from './core/a.ts';"],
      ['src/index.ts', "export * as a from './core/a.ts';"],
    ],
    sound: [['src/index.ts', "export { a } from './core/a.ts';\nexport {};"]],
  },
  {
    name: 'source files open with a comment',
    rule: rules.checkOpening,
    broken: [
      ['src/core/a.ts', 'const a = 1;\n// Late.'],
      ['src/core/a.ts', ''],
    ],
    sound: [
      ['src/core/a.ts', '// Owns a.'],
      ['src/cli/main.ts', '#!/usr/bin/env node\n// Owns a.'],
    ],
  },
];

describe('tidy', () => {
  it('finds the files', () => {
    const paths = files.map((file) => file.path);
    expect(paths).toContain('src/index.ts');
    expect(paths).toContain('tests/tidy.test.ts');
    expect(paths).toContain('scripts/test.mjs');
    expect(entryPoints).toContain('src/cli/main.ts');
  });

  const cases = [...sizeCases, ...layerCases, ...formCases];

  for (const { name, rule, broken, sound } of cases) {
    it(name, () => {
      const complaints = files.flatMap((file) => rule(file));
      expect(complaints, `\n${complaints.join('\n')}\n`).toHaveLength(0);
    });

    it(`notices where not: ${name}`, () => {
      for (const [path, text] of broken) {
        const complaints = rule(parseFile(path, text));
        expect(complaints[0] ?? '', `no complaint about ${path}: ${text}`).toMatch(/^[^:]+:\d+: \S/);
      }
      for (const [path, text] of sound) expect(rule(parseFile(path, text))).toEqual([]);
    });
  }
});
