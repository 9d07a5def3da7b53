// Mutants: that each of them can be planted in the code as it is now, that the scenes in which they are
// caught are clean without them, and that hunts find some of each kind. The whole list is hunted by
// `npm run mutants`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import type { HuntLine } from '../mutants/hunt.ts';
import type { Mutant } from '../mutants/mutants.ts';
import { MUTANTS } from '../mutants/mutants.ts';
import { plant, planted } from '../mutants/planting.ts';
import type { TrialName } from '../mutants/trials.ts';
import { TRIALS } from '../mutants/trials.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders: string[] = [];
/** Tried elsewhere in the tests, with more seeds, or large. */
const SLOW: readonly TrialName[] = ['swarm', 'gentle', 'rules', 'configurations', 'meeting'];
const SCENE_SEEDS = 3;

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('every mutant', () => {
  const problemsOf = compiler();

  test.each(MUTANTS)('$name has its text exactly once, and compiles', (mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(problemsOf(mutant.file, planted(source, mutant))).toEqual([]);
  });

  test('has a name of its own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});

describe('the code as it is', () => {
  const scenes = (Object.keys(TRIALS) as TrialName[]).filter((name) => !SLOW.includes(name));

  test.each(scenes)('passes the first seeds of %s', (name) => {
    for (let seed = 1; seed <= SCENE_SEEDS; seed++)
      expect(TRIALS[name](seed, 1), `${name}, seed ${seed}`).toBeUndefined();
  });
});

describe('a hunt', () => {
  test.each([
    ['list-not-cut-at-self-in-a-world', 'OrderedSuccessorLists'],
    ['rectifies-without-a-ping', 'PredecessorsCloseIn'],
    ['acknowledges-before-a-majority', 'AcknowledgedStays'],
    ['no-epoch-check', 'AcknowledgedStays'],
    ['reuses-an-incarnation', 'ReadsGoForward'],
    ['no-tombstones', 'DeletesStay'],
    ['goes-back-with-its-clock', 'ReadsGoForward'],
    ['second-successor', 'OneSuccessor'],
    ['counts-what-was-left-behind', 'AcknowledgedStays'],
  ])('catches %s by %s', (name, property) => {
    const mutant = MUTANTS.find((one) => one.name === name);
    expect(mutant).toBeDefined();
    expect(hunted(mutant)).toMatchObject({ type: 'end', property });
  });
});

/** The last line of a hunt through a few seeds. */
function hunted(mutant: Mutant | undefined): HuntLine {
  const folder = mkdtempSync(join(tmpdir(), 'chord-mutant-'));
  folders.push(folder);
  const trial = mutant?.caughtBy ?? '';
  const output = execFileSync(process.execPath, [plant(root, folder, mutant), trial, '5', '1']);
  return JSON.parse(output.toString().trim().split('\n').at(-1) ?? '') as HuntLine;
}

/** Type-checks the core with one file changed, and tells only of that file; unused names are no problem. */
function compiler(): (file: string, source: string) => string[] {
  const names = readdirSync(join(root, 'src/core')).map((file) => join(root, 'src/core', file));
  const files = [...names, join(root, 'src/pure-globals.d.ts')];
  const changed = { file: '', source: '', version: 0 };
  const service = ts.createLanguageService({
    getCompilationSettings: () => ({
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts'],
      types: [],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
    }),
    getScriptFileNames: () => files,
    getScriptVersion: (file) => (file === changed.file ? String(changed.version) : '0'),
    getScriptSnapshot: (file) => {
      const text = file === changed.file ? changed.source : ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
  });
  return (file, source) => {
    Object.assign(changed, { file: join(root, file), source, version: changed.version + 1 });
    const { file: name } = changed;
    const problems = [...service.getSyntacticDiagnostics(name), ...service.getSemanticDiagnostics(name)];
    return problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  };
}
