// OPERATING's table of limits, against the limits that there are: names, defaults and ranges, both ways.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Limits, parseLimits } from '../../src/node/limits.ts';

const operating = readFileSync(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');

interface Row {
  readonly name: string;
  readonly standard: number;
  readonly least: number;
  readonly most: number;
}

const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** `1,024`, `64 KiB` or `2**53 - 1`. */
function numberOf(text: string): number {
  if (text === '2**53 - 1') return Number.MAX_SAFE_INTEGER;
  const [, digits = '', unit] = /^([\d,]+)(?: ([KMG]iB))?$/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '')) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN));
}

function rowsOf(text: string): Row[] {
  const [, section = ''] = /^## Limits$(.*)/ms.exec(text) ?? [];
  const rows = section.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|/gm);
  return [...rows].map(([, name = '', ...numbers]) => {
    const [standard = '', least = '', most = ''] = numbers;
    return { name, standard: numberOf(standard), least: numberOf(least), most: numberOf(most) };
  });
}

/** The range that a complaint about a value far out of it names. */
function limitOf(name: keyof Limits): Row {
  try {
    parseLimits({ [name]: -1 });
  } catch (error) {
    const [, least, most] = /from (\d+) to (\d+),/.exec(String(error)) ?? [];
    return { name, standard: parseLimits({})[name], least: Number(least), most: Number(most) };
  }
  throw new Error(`limits.${name} has no range`);
}

function byName(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

describe('the table of limits', () => {
  const limits = (Object.keys(parseLimits({})) as (keyof Limits)[]).map(limitOf);

  it('has every limit with its default and its range, and no other', () => {
    expect(byName(rowsOf(operating))).toEqual(byName(limits));
  });

  it('would be found wrong, were a number or a row another one', () => {
    const changed = operating.replace('| `keyBytes` | 1 KiB |', '| `keyBytes` | 2 KiB |');
    expect(byName(rowsOf(changed))).not.toEqual(byName(limits));
    expect(rowsOf(operating.replace('| `keyBytes`', '| `keysBytes`'))).not.toEqual(rowsOf(operating));
  });
});
