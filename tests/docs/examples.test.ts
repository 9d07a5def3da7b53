// Every example of the documents is checked and run: programs in `ts` blocks, terminal sessions in `console`
// blocks. What the marks in the documents mean is said in example-programs.ts and terminal-sessions.ts; what
// is changed before an example runs, in free-ports.ts. Blocks in other languages are only shown.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';
import { ExamplePrograms, examplesOf } from './example-programs.ts';
import { type Block, blocksOf } from './markdown-blocks.ts';
import { differenceOf } from './output-pattern.ts';
import { TerminalSessions } from './terminal-sessions.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FENCE = '```';

const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const blocks = documents.flatMap(({ path, text }) => blocksOf(path, text));
const examples = examplesOf(blocks);

/** Programs that the check must pass or find fault with, and words of the complaint. */
const samples = [
  { name: 'a kept promise', code: `console.log('a', 4444 === Number('4444')); // -> a true`, complaint: '' },
  { name: 'other output', code: `console.log(1); // -> 2`, complaint: 'promised:\n  2\nwritten:\n  1' },
  { name: 'missing output', code: `// -> 2`, complaint: 'written:\n  (nothing)' },
  { name: 'output not promised', code: `console.log(1);`, complaint: 'promised:\n  (nothing)' },
  { name: 'a wrong type', code: `export const n: number = 'a';`, complaint: "line 2: Type 'string' is not" },
  { name: 'an exception', code: `throw new Error('sad');`, complaint: 'sample-an-exception-md-2.ts:2:7' },
  { name: 'words on standard error', code: `console.error('sad');`, complaint: 'sad' },
  {
    name: 'an endless program',
    code: `setInterval(() => {}, 1000);`,
    limitMs: 1_000,
    complaint: 'still running after 1000 ms',
  },
].map(({ name, code, complaint, limitMs }) => {
  const document = `sample ${name}.md`;
  const [example] = examplesOf(blocksOf(document, `${FENCE}ts\n${code}\n${FENCE}\n`));
  return { name, complaint, limitMs, program: example! };
});

// All in one, because the compiler takes longer to begin than to check.
let programs: ExamplePrograms;
let compiled: ReturnType<ExamplePrograms['compile']>;

beforeAll(async () => {
  buildProject();
  programs = await ExamplePrograms.create([...examples, ...samples.map(({ program }) => program)]);
  compiled = programs.compile();
}, 120_000);
afterAll(() => programs?.close());

async function complaintsAbout(name: string, limitMs?: number): Promise<string[]> {
  const complaints = compiled.complaints.get(name) ?? [];
  const wrong = await programs.run(name, limitMs);
  return wrong === undefined ? [...complaints] : [...complaints, wrong];
}

describe('the programs of the documents', () => {
  it('are there', () => {
    const found = examples.map(({ name }) => name.split(':')[0]);
    expect(found).toEqual(expect.arrayContaining(['README.md', 'docs/TUTORIAL.md', 'docs/ERRORS.md']));
  });

  it('are checked against the types that are published', () => {
    expect(compiled.typesFrom).toContain(join(ROOT, 'dist/src/index.d.ts'));
    expect(compiled.typesFrom).not.toContain(join(ROOT, 'src/index.ts'));
  });

  it.each(examples.map(({ name }) => name))('%s compiles and does what it promises', async (name) => {
    expect(await complaintsAbout(name)).toEqual([]);
  });
});

describe.each(groupByDocument(blocks.filter(({ language }) => language === 'console')))(
  'the terminal sessions of %s',
  (_document, sessions) => {
    const terminals = new TerminalSessions();
    afterAll(() => terminals.close());

    it.each(sessions.map((block) => [block.line, block] as const))('line %i', async (_line, block) => {
      expect(await terminals.run(block)).toBeUndefined();
    });
  },
);

describe('the documents', () => {
  it('link to files that exist', () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('link to headings that exist', () => {
    const broken = documents.flatMap(({ path, text }) => {
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
      return [...text.matchAll(/\]\(#([^)]+)\)/g)]
        .filter(([, anchor]) => !anchors.includes(anchor ?? ''))
        .map(([, anchor]) => `${path}: #${anchor}`);
    });
    expect(broken).toEqual([]);
  });

  it('keep the README under 250 lines', () => {
    const readme = documents.find(({ path }) => path === 'README.md');
    expect(readme?.text.trimEnd().split('\n').length).toBeLessThan(250);
  });
});

describe('the check of examples', () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))('judges %s', async (_name, sample) => {
    const complaints = (await complaintsAbout(sample.program.name, sample.limitMs)).join('\n');
    if (sample.complaint === '') expect(complaints).toBe('');
    else expect(complaints).toContain(sample.complaint);
  });

  it('finds a command that writes something else, and ends one that does not end', async () => {
    const terminals = new TerminalSessions();
    const texts = ['$ echo a\nb', '$ sleep 60'].map((text) => `${FENCE}console\n${text}\n${FENCE}`);
    const [wrong, endless] = blocksOf('sample.md', texts.join('\n')) as [Block, Block];
    try {
      expect(await terminals.run(wrong)).toContain('promised:\n  b\nwritten:\n  a');
      expect(await terminals.run(endless, 200)).toContain('still running after 200 ms');
    } finally {
      await terminals.close();
    }
  });

  it.each([
    [['a…c'], ['abc'], true],
    [['a…c'], ['abcd'], false],
    [['a', '…', 'd'], ['a', 'b', 'c', 'd'], true],
    [['a', '…'], ['a'], true],
    [['a.c'], ['abc'], false],
  ])('compares %j with %j', (promised, written, fits) => {
    expect(differenceOf(promised, written) === undefined).toBe(fits);
  });

  it('refuses a continuation without a beginning and a block without an end', () => {
    const text = `<!-- continues -->\n${FENCE}ts\n${FENCE}\n`;
    expect(() => examplesOf(blocksOf('sample.md', text))).toThrow('nothing to continue');
    expect(() => blocksOf('sample.md', `${FENCE}ts\n`)).toThrow('never closed');
  });
});

/** As code hosts make the anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

function groupByDocument(given: readonly Block[]): [document: string, blocks: Block[]][] {
  const groups = new Map<string, Block[]>();
  for (const block of given) groups.set(block.document, [...(groups.get(block.document) ?? []), block]);
  return [...groups];
}
