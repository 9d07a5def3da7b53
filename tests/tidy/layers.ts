// The order of the folders of src, and the two rules that keep it: imports point down, and the pure layers
// touch neither the host nor time nor chance. The compiler's project references already catch part of this.

import { posix } from 'node:path';
import ts from 'typescript';
import { complain, type TidyFile, walk } from './source-tree.ts';

/** What each folder may import besides itself. `index` stands for the files directly in src. */
const LAYERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['core', []],
  ['wire', ['core']],
  ['sim', ['core', 'wire']],
  ['transport', ['core', 'wire']],
  ['storage', ['core', 'wire']],
  ['node', ['core', 'wire', 'sim', 'transport', 'storage']],
  ['index', ['core', 'wire', 'sim', 'transport', 'storage', 'node']],
  ['cli', ['core', 'wire', 'sim', 'transport', 'storage', 'node', 'index']],
  ['gateway', ['core', 'wire', 'sim', 'transport', 'storage', 'node', 'index']],
  ['testing', ['core', 'wire', 'sim', 'transport', 'storage', 'node', 'index']],
]);

/** The tops: only the package's entry points and tests import these. */
const TOPS = new Set(['cli', 'gateway', 'testing']);

const PURE = new Set(['core', 'wire', 'sim']);

/** Packages that compute and nothing else, so that wire and sim may use them. Core imports nothing at all. */
const PURE_PACKAGES = /^@(noble\/hashes|scure\/base)(\/|$)/;

/** Names of the host, of time and of chance. `globalThis` would be a way around the rest. */
const IMPURE_NAMES = new Set([
  'Date',
  'Buffer',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'globalThis',
]);

/** Folder of src that a file belongs to, `index` for the files directly in src, undefined outside src. */
function layerOf(path: string): string | undefined {
  const [top, folder, ...rest] = path.split('/');
  if (top !== 'src' || folder === undefined) return undefined;
  return rest.length === 0 ? 'index' : folder;
}

/** Imports point down the table; those of a top are left to `checkTops`. */
export function checkLayers(file: TidyFile): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined) return [];
  const below = LAYERS.get(layer);
  if (below === undefined)
    return [`${file.path}:1: src/${layer} is no layer; add it to tests/tidy/layers.ts`];
  return importsOf(file).flatMap(({ node, specifier }) => {
    if (!specifier.startsWith('.')) {
      const mayImport = !PURE.has(layer) || (layer !== 'core' && PURE_PACKAGES.test(specifier));
      return mayImport ? [] : [complain(file, node, `${layer} may not import the package ${specifier}`)];
    }
    const target = targetOf(file, specifier);
    if (target === undefined) return [complain(file, node, `${specifier} is outside src`)];
    if (target === layer || TOPS.has(target) || below.includes(target)) return [];
    return [complain(file, node, `${layer} may not import ${target}: ${specifier}`)];
  });
}

/** Only `entryPoints` import the tops; an entry point of a pure layer is still pure. */
export function checkTops(file: TidyFile, entryPoints: ReadonlySet<string>): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined || (entryPoints.has(file.path) && !PURE.has(layer))) return [];
  return importsOf(file).flatMap(({ node, specifier }) => {
    const target = specifier.startsWith('.') ? targetOf(file, specifier) : undefined;
    if (target === undefined || target === layer || !TOPS.has(target)) return [];
    return [complain(file, node, `only entry points import ${target}: ${specifier}`)];
  });
}

function targetOf(file: TidyFile, specifier: string): string | undefined {
  return layerOf(posix.join(posix.dirname(file.path), specifier));
}

/** The pure layers name no clock, no timer, no source of chance and no part of the host. */
export function checkPurity(file: TidyFile): string[] {
  if (!PURE.has(layerOf(file.path) ?? '')) return [];
  const complaints = importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .map(({ node, specifier }) => complain(file, node, `${specifier} in a pure layer`));
  walk(file.tree, (node) => {
    if (ts.isIdentifier(node) && IMPURE_NAMES.has(node.text) && !isMemberName(node)) {
      complaints.push(complain(file, node, `${node.text} in a pure layer`));
    }
    if (isMathRandom(node)) complaints.push(complain(file, node, 'Math.random in a pure layer'));
  });
  return complaints;
}

/** A member or property that only shares its name with a global, as in `job.process` or `{ process: 1 }`. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  return (ts.isClassElement(parent) || ts.isTypeElement(parent)) && parent.name === node;
}

/** `Math.random`, `Math['random']` and `const { random } = Math`. */
function isMathRandom(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isMath(node.expression) && node.name.text === 'random';
  if (ts.isElementAccessExpression(node)) return isMath(node.expression);
  return ts.isVariableDeclaration(node) && node.initializer !== undefined && isMath(node.initializer);
}

function isMath(node: ts.Node): boolean {
  return ts.isIdentifier(node) && node.text === 'Math';
}

/** Every module that the file names: imports, re-exports, dynamic imports and import types. */
function importsOf(file: TidyFile): { node: ts.Node; specifier: string }[] {
  const found: { node: ts.Node; specifier: string }[] = [];
  walk(file.tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      found.push({ node, specifier: specifier.text });
    }
  });
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  return undefined;
}
