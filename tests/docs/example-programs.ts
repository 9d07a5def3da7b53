// The TypeScript of the documents as programs: gathered, checked against the built types, compiled and run.
// A block marked `<!-- continues -->` is the rest of the program that the block before it began; every other
// block begins one. A program has to end by itself, with code 0, and to write exactly the lines that its
// comments `// -> …` promise, in their order.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { collect } from '../support/processes.ts';
import { FreePorts } from './free-ports.ts';
import type { Block } from './markdown-blocks.ts';
import { differenceOf, linesOf } from './output-pattern.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, so that its own name is resolved, and where git does not look. */
const FOLDER = join(ROOT, 'dist');
/** A program takes well below a second; a busy machine gets this long before its program is ended. */
const LIMIT_MS = 20_000;

/** What the tutorial asks of a reader's own tsconfig, and the strictest that he may have besides. */
const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  // As `tsc --init` writes it since TypeScript 6: the package itself says that it needs the types of Node.
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  inlineSourceMap: true,
};

/** One program, as a document tells it. */
export interface Example {
  /** Where it begins, as `README.md:45`. */
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** Groups blocks to programs. Throws for a continuation without a beginning. */
export function examplesOf(blocks: readonly Block[]): Example[] {
  const examples: { name: string; blocks: Block[] }[] = [];
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    const name = `${block.document}:${block.line}`;
    const last = examples.at(-1);
    if (block.remark !== 'continues') examples.push({ name, blocks: [block] });
    else if (last?.blocks[0]?.document === block.document) last.blocks.push(block);
    else throw new Error(`${name}: there is nothing to continue`);
  }
  return examples;
}

/** Examples as files in a folder of their own. Call `close` afterwards, whatever happened. */
export class ExamplePrograms {
  readonly #folder: string;
  readonly #sources = new Map<string, { readonly path: string; readonly text: string }>();
  readonly #children = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes and compiles the examples; nothing is run yet. */
  static async create(examples: readonly Example[]): Promise<ExamplePrograms> {
    mkdirSync(FOLDER, { recursive: true });
    const programs = new ExamplePrograms(mkdtempSync(join(FOLDER, 'examples-')));
    for (const example of examples) await programs.#write(example);
    return programs;
  }

  /** Compiles all of them; the complaints of the type checker by the example's name. */
  compile(): { complaints: ReadonlyMap<string, string[]>; typesFrom: readonly string[] } {
    const names = new Map([...this.#sources].map(([name, { path }]) => [path, name]));
    const program = ts.createProgram([...names.keys()], COMPILER_OPTIONS);
    const complaints = new Map<string, string[]>();
    for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
      const name = names.get(diagnostic.file?.fileName ?? '') ?? '';
      complaints.set(name, [...(complaints.get(name) ?? []), complaintOf(diagnostic)]);
    }
    program.emit();
    return { complaints, typesFrom: program.getSourceFiles().map(({ fileName }) => fileName) };
  }

  /** Runs one to its end; what is wrong with it, or undefined. */
  async run(name: string, limitMs: number = LIMIT_MS): Promise<string | undefined> {
    const source = this.#sources.get(name);
    if (source === undefined) throw new RangeError(`no example ${name}`);
    const child = spawn(process.execPath, ['--enable-source-maps', source.path.replace(/\.ts$/, '.js')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const { code, signal, stdout, stderr } = await collect(child);
    clearTimeout(limit);
    this.#children.delete(child);
    if (signal !== null)
      return `it was still running after ${limitMs} ms; it had written:\n${stdout}${stderr}`;
    if (code !== 0 || stderr !== '')
      return `it ended with code ${code} and wrote to standard error:\n${stderr}`;
    return differenceOf(promisesOf(source.text), linesOf(stdout));
  }

  /** Ends what still runs, by its id, and removes the files. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The lines keep the numbers that they have in the document, so that complaints and traces name them. */
  async #write({ name, blocks }: Example): Promise<void> {
    const lines: string[] = [];
    for (const block of blocks) {
      while (lines.length < block.line - 1) lines.push('');
      lines.push(...block.lines);
    }
    const text = await new FreePorts().substitute(`${lines.join('\n')}\n`);
    const path = join(this.#folder, `${name.replaceAll(/[^\w]/g, '-')}.ts`);
    writeFileSync(path, text);
    this.#sources.set(name, { path, text });
  }
}

/** The lines that the comments of a program promise. */
function promisesOf(text: string): string[] {
  return [...text.matchAll(/\/\/ -> (.*)$/gm)].map(([, line]) => line ?? '');
}

function complaintOf({ file, start, messageText }: ts.Diagnostic): string {
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
