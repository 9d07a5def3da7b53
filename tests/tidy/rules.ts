// Rules about size, names and form, each a function from one file to its complaints. The order of the
// layers is in layers.ts.

import ts from 'typescript';
import { complain, lineOf, type TidyFile, walk } from './source-tree.ts';

// Sizes at which a file, a function or a line can still be read at once.
const FILE_LINES_LIMIT = 400;
const BODY_LINES_LIMIT = 60;
const LINE_COLUMNS_MAX = 110;

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'type', 'types', 'misc']);
const KEBAB_FOLDER = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const KEBAB_FILE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|bench|config|d))?\.[a-z]+$/;

/** Calls whose callbacks list tests or prepare them; as lists they may be long. */
const SUITE_CALLS = /^(describe|suite|it|test|bench|beforeAll|beforeEach|afterAll|afterEach)$/;
const SUITE_OBJECTS = /^(describe|suite|it|test|bench|context|ctx|task|t)$/;

/** Each word is written with a class of one letter, so that this file does not break the rule it states. */
const UNFINISHED = /\b(T[O]DO|FIXM[E])\b/;

export function checkFileLength(file: TidyFile): string[] {
  const lines = file.text.replace(/\n$/, '').split('\n').length;
  if (lines < FILE_LINES_LIMIT) return [];
  return [`${file.path}:${lines}: ${lines} lines, the limit is under ${FILE_LINES_LIMIT}`];
}

/** A line that holds a URL may be long, because a URL cannot be broken. */
export function checkLineWidth(file: TidyFile): string[] {
  return file.text.split('\n').flatMap((line, index) => {
    if (line.length <= LINE_COLUMNS_MAX || /https?:\/\//.test(line)) return [];
    return [`${file.path}:${index + 1}: ${line.length} columns, at most ${LINE_COLUMNS_MAX}`];
  });
}

/** Bodies are counted with the lines of their braces. */
export function checkFunctionLength(file: TidyFile): string[] {
  const complaints: string[] = [];
  walk(file.tree, (node) => {
    const body = bodyOf(node);
    if (body === undefined || (file.path.startsWith('tests/') && isSuiteCallback(node))) return;
    const lines = lineOf(file, body.getEnd()) - lineOf(file, body.getStart(file.tree)) + 1;
    if (lines < BODY_LINES_LIMIT) return;
    complaints.push(
      complain(file, node, `${nameOf(node)} has ${lines} lines, under ${BODY_LINES_LIMIT} allowed`),
    );
  });
  return complaints;
}

export function checkUnfinished(file: TidyFile): string[] {
  return file.text.split('\n').flatMap((line, index) => {
    const word = UNFINISHED.exec(line)?.[1];
    return word === undefined ? [] : [`${file.path}:${index + 1}: ${word}; finish it or open an issue`];
  });
}

/** A focused test hides all others, and a skipped one itself. */
export function checkFocus(file: TidyFile): string[] {
  const complaints: string[] = [];
  walk(file.tree, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !/^(only|skip|todo)$/.test(node.name.text)) return;
    if (!SUITE_OBJECTS.test(rootOf(node))) return;
    complaints.push(complain(file, node, `.${node.name.text} leaves tests out`));
  });
  return complaints;
}

export function checkNames(file: TidyFile): string[] {
  const folders = file.path.split('/');
  const name = folders.pop() ?? '';
  const complaints = folders
    .filter((folder) => !KEBAB_FOLDER.test(folder) || EMPTY_NAMES.has(folder))
    .map((folder) => `${file.path}:1: the folder ${folder} needs a kebab-case noun for a name`);
  if (!KEBAB_FILE.test(name)) complaints.push(`${file.path}:1: ${name} is not in kebab-case`);
  const stem = name.split('.')[0] ?? '';
  if (EMPTY_NAMES.has(stem)) complaints.push(`${file.path}:1: ${stem} says nothing about what is inside`);
  return complaints;
}

export function checkDefaultExports(file: TidyFile): string[] {
  const complaints: string[] = [];
  walk(file.tree, (node) => {
    if (isDefaultExport(node)) complaints.push(complain(file, node, 'default export; export it by name'));
  });
  return complaints;
}

/** Lists of exports are explicit, so `export *` is out under a name (`* as x`) too. */
export function checkWildcards(file: TidyFile): string[] {
  const complaints: string[] = [];
  walk(file.tree, (node) => {
    if (!ts.isExportDeclaration(node)) return;
    if (node.exportClause !== undefined && ts.isNamedExports(node.exportClause)) return;
    complaints.push(complain(file, node, 'export *; list the names'));
  });
  return complaints;
}

export function checkOpening(file: TidyFile): string[] {
  if (!file.path.startsWith('src/')) return [];
  if (/^(#!.*\n)?\/[/*]/.test(file.text)) return [];
  return [`${file.path}:1: opens without a comment that says what it owns`];
}

function bodyOf(node: ts.Node): ts.Node | undefined {
  if (ts.isFunctionLike(node) && 'body' in node) return node.body;
  return ts.isClassStaticBlockDeclaration(node) ? node.body : undefined;
}

function isSuiteCallback(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && SUITE_CALLS.test(rootOf(node.parent.expression));
}

/** The name that a chain of members and calls starts with: `it` of `it.each([1])('…')`. */
function rootOf(node: ts.Node): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return rootOf(node.expression);
  return ts.isTaggedTemplateExpression(node) ? rootOf(node.tag) : '';
}

function nameOf(node: ts.Node): string {
  if (ts.isConstructorDeclaration(node)) return 'the constructor';
  const own =
    (node as Partial<ts.NamedDeclaration>).name ?? (node.parent as Partial<ts.NamedDeclaration>).name;
  return own === undefined ? 'a function without a name' : own.getText();
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  if (!ts.canHaveModifiers(node)) return false;
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false;
}
