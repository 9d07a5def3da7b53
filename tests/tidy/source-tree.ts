// The project's own files as the tidy rules see them: read from disk, parsed once. It judges nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One file: its path from the repository's root with forward slashes, its text, and its syntax tree. */
export interface TidyFile {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Folders that hold written files. What is generated or ignored by git is not in them. */
const FOLDERS = ['bin', 'src', 'tests', 'scripts', 'examples'];
const IGNORED = new Set(['node_modules', 'dist', 'coverage']);
const PROGRAM_FILE = /\.(ts|tsx|mts|cts|mjs|cjs|js)$/;

/** Reads every program file of the project under `root`. */
export function readTree(root: string): TidyFile[] {
  const paths = FOLDERS.flatMap((folder) => listFiles(root, folder)).filter((path) =>
    PROGRAM_FILE.test(path),
  );
  return paths.toSorted().map((path) => parseFile(path, readFileSync(join(root, path), 'utf8')));
}

export function parseFile(path: string, text: string): TidyFile {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, kind) };
}

/** Calls `visit` for every node of the tree, parents before children. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The complaint about one place, as `file:line: text`. */
export function complain(file: TidyFile, node: ts.Node, text: string): string {
  return `${file.path}:${lineOf(file, node.getStart(file.tree))}: ${text}`;
}

/** The line number, from 1, of a position in the file. */
export function lineOf(file: TidyFile, position: number): number {
  return file.tree.getLineAndCharacterOfPosition(position).line + 1;
}

function listFiles(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : listFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}
