// Kind: what a value is, where misuse has to be told from data. It owns the words for a sentence, and which
// objects keep what they hold where nobody finds it who reads their fields.
import { types } from 'node:util';

/** What a value is, for a sentence. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || isPlain(value)) return typeof value;
  const { name } = (value as { constructor?: { name?: unknown } }).constructor ?? {};
  return typeof name === 'string' && name !== '' ? `an object of class ${name}` : 'object';
}

/**
 * Whether an object is more than its own enumerable fields say: they are none, as of a Date or a Promise, or
 * beside the point, as of a Map. To take it for its fields would lose it without a word.
 */
export function isOpaque(value: object): boolean {
  if (Array.isArray(value) || isPlain(value)) return false;
  return types.isMap(value) || types.isSet(value) || Object.keys(value).length === 0;
}

/** Of another realm too: the prototype of plain objects is the one that has none itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
