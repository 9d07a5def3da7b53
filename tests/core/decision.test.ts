// One decision, phase by phase: which answers carry it on, and which configuration it decides.
import { describe, expect, it } from 'vitest';
import type { Configuration, Proposal } from '../../src/core/configuration.ts';
import type { Decision } from '../../src/core/decision.ts';
import {
  accepted,
  begin,
  beginAsOwner,
  collected,
  force,
  isCompared,
  isInForce,
  outcome,
  promised,
  promisers,
  stored,
  unfinished,
} from '../../src/core/decision.ts';
import type { Promised } from '../../src/core/register.ts';
import { memberAt } from '../support/members.ts';

const BALLOT = { round: 2, id: 'p' };
const BASE = configurationOf('l', 1, [1, 2, 3]);
const NEXT = configurationOf('l', 2, [4, 5, 6]);
const RIVAL = configurationOf('l', 2, [1, 5, 7]);

function configurationOf(lineage: string, epoch: number, members: number[]): Configuration {
  const voters = members.map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch, members: voters, ancestors: [] };
}

function found(round: number, configuration = RIVAL): Proposal {
  return { ballot: { round, id: 'other' }, configuration };
}

function vote(proposal?: Proposal, watermark = 0, restored = true): Promised {
  return { type: 'promised', accepted: proposal, watermark, restored };
}

function promise(decision: Decision, voter: string, proposal?: Proposal, base = 0): Decision {
  return promised(decision, base, voter, vote(proposal));
}

function collectFrom(decision: Decision, ...voters: string[]): Decision {
  return voters.reduce(collected, decision);
}

function storeAt(decision: Decision, ...voters: string[]): Decision {
  return voters.reduce(stored, decision);
}

/** Of one base: up to the phase in which the proposal is accepted. */
function accepting(proposal?: Proposal): Decision {
  let decision = begin([BASE], BALLOT, NEXT);
  decision = promise(promise(decision, 'm1', proposal), 'm2');
  decision = collectFrom(decision, 'm1', 'm2');
  return storeAt(decision, ...outcome(decision).members.map((voter) => voter.contact.id));
}

describe('a decision', () => {
  it('has a ring behind it once one promises that has stood, or one of two bases has its majority', () => {
    const decision = begin([BASE], BALLOT, NEXT);
    expect(isInForce(promised(decision, 0, 'm1', vote()))).toBe(false);
    expect(isInForce(promised(decision, 0, 'm1', vote(undefined, 0, false)))).toBe(true);
    const two = promise(begin([BASE, configurationOf('other', 4, [5, 6, 7])], BALLOT, NEXT), 'm1');
    expect(isInForce(two)).toBe(false);
    expect(isInForce(promise(two, 'm2'))).toBe(true);
  });

  it('goes from phase to phase with a majority each, and reads whoever promised', () => {
    let decision = begin([BASE], BALLOT, NEXT, 7);
    decision = promised(decision, 0, 'm1', vote(undefined, 3));
    expect(decision.phase).toBe('preparing');
    decision = promised(decision, 0, 'm3', vote(undefined, 9));
    expect([decision.phase, decision.watermark, [...promisers(decision)]]).toEqual([
      'collecting',
      9,
      ['m1', 'm3'],
    ]);
    decision = collectFrom(decision, 'm1', 'm2');
    expect(decision.phase).toBe('collecting');
    decision = collectFrom(decision, 'm3');
    expect(decision.phase).toBe('storing');
    decision = storeAt(decision, 'm4', 'm1');
    expect(decision.phase).toBe('storing');
    decision = storeAt(decision, 'm6');
    expect(decision.phase).toBe('accepting');
    decision = accepted(decision, 0, 'm2');
    expect(decision.phase).toBe('accepting');
    decision = accepted(decision, 0, 'm3');
    expect([decision.phase, outcome(decision)]).toEqual(['decided', NEXT]);
  });

  it('counts an answer that comes twice once', () => {
    let decision = promise(promise(begin([BASE], BALLOT, NEXT), 'm1'), 'm1');
    expect(decision.phase).toBe('preparing');
    decision = accepted(accepted(accepting(), 0, 'm1'), 0, 'm1');
    expect(decision.phase).toBe('accepting');
  });

  it('hears no promise and no acceptance outside their phases', () => {
    const early = accepted(begin([BASE], BALLOT, NEXT), 0, 'm1');
    expect(early.accepted[0]?.size).toBe(0);
    const late = promise(accepting(), 'm3', found(9));
    expect([promisers(late).has('m3'), outcome(late)]).toEqual([false, NEXT]);
  });

  it('decides what a promise brought rather than its own', () => {
    const decision = accepting(found(1));
    expect(outcome(accepted(accepted(decision, 0, 'm1'), 0, 'm2'))).toEqual(RIVAL);
  });

  it('passes over a proposal that too few can have accepted, though its members are gone', () => {
    const pair = configurationOf('l', 1, [1, 2]);
    const before = begin([pair], BALLOT, NEXT);
    expect(outcome(promise(promise(before, 'm1', found(1)), 'm2'))).toEqual(NEXT);
    expect(outcome(promise(promise(before, 'm1', found(1)), 'm2', found(1)))).toEqual(RIVAL);
    // Of three, the one that has not answered may be the second to have accepted it.
    expect(outcome(promise(promise(begin([BASE], BALLOT, NEXT), 'm1', found(1)), 'm2'))).toEqual(RIVAL);
  });

  it('takes the proposal of the highest ballot among those that promises brought', () => {
    const later = configurationOf('l', 2, [8, 9]);
    for (const order of [
      [found(0), found(1, later)],
      [found(1, later), found(0)],
    ]) {
      const [first, second] = order;
      const decision = promise(promise(begin([BASE], BALLOT, NEXT), 'm1', first), 'm2', second);
      expect(outcome(decision)).toEqual(later);
    }
  });

  it('needs the members of what it found to store, not those of what it proposed', () => {
    let decision = promise(promise(begin([BASE], BALLOT, NEXT), 'm1', found(1)), 'm2');
    decision = storeAt(collectFrom(decision, 'm1', 'm2'), 'm4', 'm6');
    expect(decision.phase).toBe('storing');
    expect(storeAt(decision, 'm1', 'm7').phase).toBe('accepting');
  });

  it('of a base with one member needs that one', () => {
    const alone = configurationOf('l', 1, [1]);
    const decision = promise(begin([alone], BALLOT, alone), 'm1');
    expect(decision.phase).toBe('collecting');
    expect(storeAt(collectFrom(decision, 'm1'), 'm1').phase).toBe('accepting');
  });
});

describe('whoever has stored everything', () => {
  it('is told the watermark in a lineage that came after none, though it did not promise', () => {
    expect(['m4', 'm9'].map((id) => isCompared(accepting(), id))).toEqual([true, false]);
  });

  it('is told none in one that came after others, unless it was read: it may have more', () => {
    const after = { ...BASE, ancestors: [{ lineage: 'old', epoch: 1 }] };
    const next = configurationOf('l', 2, [1, 4, 5]);
    let decision = begin([after], BALLOT, { ...next, ancestors: after.ancestors });
    decision = collectFrom(promise(promise(decision, 'm1'), 'm2'), 'm1', 'm2');
    decision = storeAt(decision, 'm1', 'm4');
    expect(['m1', 'm4'].map((id) => isCompared(decision, id))).toEqual([true, false]);
  });
});

describe('an owner', () => {
  it('proposes at round 0 once a majority of the next set holds everything, without preparing', () => {
    let decision = beginAsOwner(BASE, 'm1', NEXT);
    expect([decision.phase, decision.ballot]).toEqual(['storing', { round: 0, id: 'm1' }]);
    decision = storeAt(decision, 'm4');
    expect(decision.phase).toBe('storing');
    decision = storeAt(decision, 'm5');
    expect(decision.phase).toBe('accepting');
    expect(accepted(accepted(decision, 0, 'm1'), 0, 'm3').phase).toBe('decided');
  });
});

describe('a merge', () => {
  const other = configurationOf('o', 7, [5, 6, 7]);
  const merged = configurationOf('new', 8, [1, 5, 6]);

  it('needs a majority of every base, each time', () => {
    let decision = begin([BASE, other], BALLOT, merged);
    decision = promise(promise(promise(decision, 'm1'), 'm2'), 'm5', undefined, 1);
    expect(decision.phase).toBe('preparing');
    decision = promise(decision, 'm7', undefined, 1);
    expect(decision.phase).toBe('collecting');
    decision = storeAt(collectFrom(decision, 'm1', 'm2', 'm5', 'm7'), 'm1', 'm5');
    decision = accepted(accepted(accepted(decision, 0, 'm1'), 0, 'm3'), 1, 'm6');
    expect(decision.phase).toBe('accepting');
    expect(accepted(decision, 1, 'm7').phase).toBe('decided');
  });

  it('counts a voter of both bases where it voted', () => {
    let decision = begin([BASE, { ...other, members: BASE.members }], BALLOT, merged);
    decision = promise(promise(decision, 'm1'), 'm2');
    expect(decision.phase).toBe('preparing');
    expect(promise(promise(decision, 'm1', undefined, 1), 'm2', undefined, 1).phase).toBe('collecting');
  });

  it('names the base that may have a successor already, and only then', () => {
    const decision = begin([BASE, other], BALLOT, merged);
    expect(unfinished(decision)).toBe(-1);
    expect(unfinished(promise(decision, 'm5', found(1), 1))).toBe(1);
    expect(unfinished(promise(begin([BASE], BALLOT, NEXT), 'm1', found(1)))).toBe(-1);
  });
});

describe('a decision that is forced', () => {
  it('goes on with those that promised, and needs all of them to accept', () => {
    let decision = promise(begin([BASE], BALLOT, NEXT), 'm2', found(1));
    decision = force(decision, NEXT);
    expect([decision.phase, decision.forced, outcome(decision)]).toEqual(['collecting', true, NEXT]);
    decision = storeAt(collectFrom(decision, 'm2'), 'm4', 'm5');
    expect(decision.phase).toBe('accepting');
    expect(accepted(decision, 0, 'm2').phase).toBe('decided');
  });

  it('goes on without anybody where nobody is left', () => {
    const decision = force(begin([], BALLOT, NEXT), NEXT);
    expect(decision.phase).toBe('storing');
    expect(storeAt(decision, 'm4', 'm5').phase).toBe('decided');
  });

  it('still needs a majority of the next set to store', () => {
    const decision = force(begin([BASE], BALLOT, NEXT), NEXT);
    expect(storeAt(decision, 'm4').phase).toBe('storing');
  });
});
