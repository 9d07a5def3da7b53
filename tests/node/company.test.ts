// Operations that wait for others: when they are let go, and that none is kept.
import { describe, expect, it } from 'vitest';
import { Company, type Starting } from '../../src/node/company.ts';

const MANY = 32;

function starting(): Starting {
  return { start: () => {}, refuse: () => {} };
}

function companyOf(count: number): Company {
  const company = new Company();
  for (let i = 0; i < count; i++) company.add(starting());
  return company;
}

describe('operations', () => {
  it('wait for nobody where few are under way', () => {
    expect([0, 1, 8].map((underWay) => new Company().isWorthwhile(underWay))).toEqual([false, false, false]);
    expect(new Company().isWorthwhile(MANY)).toBe(true);
  });

  it('go together at once where they are as many as those under way', () => {
    expect(companyOf(MANY).take(MANY)).toHaveLength(MANY);
  });

  it('wait a few turns for others, and then go whether any came or not', () => {
    const company = companyOf(2);
    const turns: number[] = [];
    while (!company.isEmpty) turns.push(company.take(MANY).length);
    expect(turns).toEqual([0, 0, 0, 0, 2]);
  });

  it('go with those that come while they wait, in order', () => {
    const company = new Company();
    const all = Array.from({ length: MANY }, starting);
    company.add(all[0]!);
    expect(company.take(MANY)).toEqual([]);
    for (const one of all.slice(1)) company.add(one);
    expect(company.take(MANY)).toEqual(all);
    expect(company.isEmpty).toBe(true);
  });

  it('wait as long as ever when others went before', () => {
    const company = companyOf(MANY);
    company.take(MANY);
    company.add(starting());
    expect(company.take(MANY)).toEqual([]);
  });
});
