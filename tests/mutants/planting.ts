// Planting: makes a folder in which the machine, its simulator and the hunt are compiled with one mutant in
// the place where it belongs. It owns the patch and the folder; what the hunt does in it is hunt.ts.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { Mutant } from './mutants.ts';

/** All that a hunt loads: nothing of it needs a package, or the host. */
const FOLDERS = ['src/core', 'src/sim', 'src/sim/checks', 'tests/mutants/scenes'];
const FILES = [
  'tests/support/members.ts',
  'tests/support/placed.ts',
  'tests/support/ring-driver.ts',
  'tests/support/ring-properties.ts',
  'tests/support/rings.ts',
  'tests/mutants/configurations-trial.ts',
  'tests/mutants/hunt.ts',
  'tests/mutants/rules-trial.ts',
  'tests/mutants/trials.ts',
];

/** The source with the bug in it. Throws where the text to be replaced is not there exactly once. */
export function planted(source: string, { name, file, find, replace }: Mutant): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`${name}: the text to replace is ${parts.length - 1} times in ${file}, not once`);
  return parts.join(replace);
}

/**
 * Compiles what a hunt needs from the repository at `root` into `folder`, and returns the file to run.
 * With no mutant, the code as it is.
 */
export function plant(root: string, folder: string, mutant: Mutant | undefined): string {
  const folders = FOLDERS.flatMap((name) =>
    readdirSync(join(root, name))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${name}/${file}`),
  );
  for (const file of [...folders, ...FILES]) {
    const source = readFileSync(join(root, file), 'utf8');
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compiled(file === mutant?.file ? planted(source, mutant) : source));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return join(folder, 'tests/mutants/hunt.js');
}

/** Most files are the same in every folder. */
const COMPILED = new Map<string, string>();

function compiled(source: string): string {
  const known = COMPILED.get(source);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  COMPILED.set(source, outputText);
  return outputText;
}
