// The rules of the ring: each rule alone, on small states that say why it is there.
import { describe, expect, it } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import type { RingRules, RingState } from '../../src/core/ring.ts';
import * as ring from '../../src/core/ring.ts';
import { memberAt, positionsOf } from '../support/members.ts';

const RULES: RingRules = { listMax: 3, size: 64 };

/** A member's state by positions. */
function stateOf(self: number, predecessor: number | undefined, ...successors: number[]): RingState {
  return {
    self: memberAt(self),
    predecessor: predecessor === undefined ? undefined : memberAt(predecessor),
    successors: successors.map((position) => memberAt(position)),
    waiting: undefined,
  };
}

function waitingFor(state: RingState, step: 'successor' | 'candidate', position: number): RingState {
  return { ...state, waiting: { step, of: memberAt(position) } };
}

/** The member that stands there, in its second life. */
function restarted(position: number): Contact {
  return { ...memberAt(position), incarnation: 2 };
}

describe('a ring of one', () => {
  it('has no neighbours and asks nobody', () => {
    const state = ring.alone(memberAt(5));
    expect(state).toEqual(stateOf(5, undefined));
    expect(ring.stabilise(state)).toEqual({ state });
  });

  it('takes the first that notifies it as predecessor and as successor', () => {
    const { state, outcome } = ring.notified(stateOf(5, undefined), memberAt(9));
    expect(outcome).toBe('adopted');
    expect(state).toEqual(stateOf(5, 9, 9));
  });
});

describe('join', () => {
  it('copies the whole list of the predecessor in one step', () => {
    const state = ring.joined(memberAt(15), memberAt(10), stateOf(10, 50, 20, 30, 40), RULES);
    expect(state).toEqual(stateOf(15, 10, 20, 30, 40));
  });

  it('names the only other member of a ring of one', () => {
    expect(ring.joined(memberAt(15), memberAt(10), stateOf(10, undefined), RULES)).toEqual(
      stateOf(15, 10, 10),
    );
  });

  it('leaves out the position on which it stands itself, and what lies behind it', () => {
    const state = ring.joined(memberAt(15), memberAt(10), stateOf(10, 50, 20, 15, 30), RULES);
    expect(positionsOf(state?.successors ?? [])).toEqual([20]);
  });

  it('skips nobody behind a member whose list lags behind a growing ring', () => {
    // 10 does not know yet that 30 has joined: were it added itself to the end of its list, 30 would be
    // skipped.
    const state = ring.joined(memberAt(15), memberAt(10), stateOf(10, 40, 20), RULES);
    expect(positionsOf(state?.successors ?? [])).toEqual([20]);
  });

  it.each([
    ['on the position of the member before it', 10],
    ['on the position of the member behind it', 20],
    ['behind the first successor', 25],
    ['before the member before it', 5],
  ])('is refused %s', (_, position) => {
    expect(ring.joined(memberAt(position), memberAt(10), stateOf(10, 50, 20, 30), RULES)).toBeUndefined();
  });
});

describe('stabilise, first step', () => {
  it('asks the first successor, and until it answers is not read by others', () => {
    const step = ring.stabilise(stateOf(10, 50, 20, 30));
    expect(step).toEqual({ state: waitingFor(stateOf(10, 50, 20, 30), 'successor', 20), ask: memberAt(20) });
  });

  it('does nothing while an answer is awaited', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'candidate', 15);
    expect(ring.stabilise(state)).toEqual({ state });
  });

  it('takes the list of the first successor behind it, as long as r', () => {
    const state = waitingFor(stateOf(10, 50, 20, 40), 'successor', 20);
    const step = ring.answered(state, memberAt(20), stateOf(20, 10, 30, 40, 50), RULES);
    expect(step).toEqual({ state: stateOf(10, 50, 20, 30, 40) });
  });

  it('cuts that list at itself, so that in a ring smaller than r it names the whole ring once', () => {
    const state = waitingFor(stateOf(10, 30, 20), 'successor', 20);
    const step = ring.answered(state, memberAt(20), stateOf(20, 10, 30, 10), RULES);
    expect(step).toEqual({ state: stateOf(10, 30, 20, 30) });
  });

  it('cuts that list where it goes on behind itself, or out of order', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'successor', 20);
    const lists = [
      [40, 12],
      [40, 30],
      [40, 40],
    ];
    for (const list of lists) {
      const { state: next } = ring.answered(state, memberAt(20), stateOf(20, 10, ...list), RULES);
      expect(positionsOf(next.successors)).toEqual([20, 40]);
    }
  });

  it('notifies the successor that names another predecessor, or none', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'successor', 20);
    for (const predecessor of [5, undefined]) {
      const step = ring.answered(state, memberAt(20), stateOf(20, predecessor, 30), RULES);
      expect(step).toEqual({ state: stateOf(10, 50, 20, 30), notify: memberAt(20) });
    }
  });

  it('notifies the successor that names us in a former life', () => {
    const state = { ...waitingFor(stateOf(10, 50, 20), 'successor', 20), self: restarted(10) };
    expect(ring.answered(state, memberAt(20), stateOf(20, 10, 30), RULES).notify).toEqual(memberAt(20));
  });

  it('asks the predecessor that the successor names, where it is nearer, before it points to it', () => {
    const state = waitingFor(stateOf(10, 50, 20, 40), 'successor', 20);
    const step = ring.answered(state, memberAt(20), stateOf(20, 15, 30, 40), RULES);
    expect(step.ask).toEqual(memberAt(15));
    expect(step.state).toEqual(waitingFor(stateOf(10, 50, 20, 30, 40), 'candidate', 15));
    expect(step.notify).toBeUndefined();
  });

  it('does not ask a predecessor that stands on its own position', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'successor', 20);
    const twin = { ...stateOf(20, undefined, 30), predecessor: memberAt(10, 'twin') };
    expect(ring.answered(state, memberAt(20), twin, RULES)).toEqual({
      state: stateOf(10, 50, 20, 30),
      notify: memberAt(20),
    });
  });

  it('takes no answer that it does not wait for', () => {
    const its = stateOf(20, 15, 30);
    const idle = stateOf(10, 50, 20);
    expect(ring.answered(idle, memberAt(20), its, RULES)).toEqual({ state: idle });
    const waiting = waitingFor(idle, 'successor', 20);
    expect(ring.answered(waiting, memberAt(30), its, RULES)).toEqual({ state: waiting });
  });
});

describe('stabilise, second step', () => {
  it('puts the nearer member first and keeps the list behind it, then notifies it', () => {
    const state = waitingFor(stateOf(10, 50, 20, 30, 40), 'candidate', 15);
    const step = ring.answered(state, memberAt(15), stateOf(15, 5, 20, 30, 40), RULES);
    expect(step).toEqual({ state: stateOf(10, 50, 15, 20, 30), notify: memberAt(15) });
  });

  it('tells the nearer member of former successors that it does not know: two rings are merging', () => {
    const state = waitingFor(stateOf(10, 50, 20, 40), 'candidate', 15);
    const step = ring.answered(state, memberAt(15), stateOf(15, 5, 35, 55), RULES);
    expect(positionsOf(step.state.successors)).toEqual([15, 20, 35]);
    expect(step.introduceTo).toEqual(memberAt(15));
    expect(step.introduced).toEqual([memberAt(20), memberAt(40)]);
  });

  it('learns its first successors from the candidate when it was alone', () => {
    const state = waitingFor(stateOf(10, undefined), 'candidate', 15);
    const step = ring.answered(state, memberAt(15), stateOf(15, 5, 35), RULES);
    expect(step).toEqual({ state: stateOf(10, undefined, 15, 35), notify: memberAt(15) });
  });
});

describe('a member that waits itself', () => {
  it('ends the first step without a change', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'successor', 20);
    expect(ring.postponed(state, memberAt(20))).toEqual({ state: stateOf(10, 50, 20) });
  });

  it('ends the second step with the successor as it was, which is notified', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'candidate', 15);
    expect(ring.postponed(state, memberAt(15))).toEqual({
      state: stateOf(10, 50, 20),
      notify: memberAt(20),
    });
  });

  it('changes nothing where another answer is awaited', () => {
    const state = waitingFor(stateOf(10, 50, 20), 'successor', 20);
    expect(ring.postponed(state, memberAt(30))).toEqual({ state });
  });
});

describe('a dead member', () => {
  it('leaves the list, and the next one is asked where it was being asked', () => {
    const state = waitingFor(stateOf(10, 50, 20, 30), 'successor', 20);
    const step = ring.dropped(state, memberAt(20).id);
    expect(step.ask).toEqual(memberAt(30));
    expect(step.state).toEqual(waitingFor(stateOf(10, 50, 30), 'successor', 30));
  });

  it('ends the second step where it was the candidate: the successor is notified', () => {
    const state = waitingFor(stateOf(10, 50, 20, 30), 'candidate', 15);
    expect(ring.dropped(state, memberAt(15).id)).toEqual({
      state: stateOf(10, 50, 20, 30),
      notify: memberAt(20),
    });
  });

  it('leaves the list without disturbing a question to another', () => {
    const state = waitingFor(stateOf(10, 50, 20, 30), 'successor', 20);
    expect(ring.dropped(state, memberAt(30).id)).toEqual({
      state: waitingFor(stateOf(10, 50, 20), 'successor', 20),
    });
  });

  it('that was the last of the list is replaced by the predecessor', () => {
    expect(ring.dropped(stateOf(10, 50, 20), memberAt(20).id).state).toEqual(stateOf(10, 50, 50));
  });

  it('that was the only other member leaves a ring of one', () => {
    expect(ring.dropped(stateOf(10, 20, 20), memberAt(20).id).state).toEqual(stateOf(10, undefined));
  });
});

describe('rectify', () => {
  const state = stateOf(20, 10, 30);

  it('adopts a notifier that is nearer than the predecessor', () => {
    const step = ring.notified(state, memberAt(15));
    expect(step).toEqual({ state: stateOf(20, 15, 30), outcome: 'adopted' });
  });

  it('adopts any notifier while it has no predecessor', () => {
    const step = ring.notified(stateOf(20, undefined, 30), memberAt(5));
    expect(step).toEqual({ state: stateOf(20, 5, 30), outcome: 'adopted' });
  });

  it('knows its predecessor', () => {
    expect(ring.notified(state, memberAt(10))).toEqual({ state, outcome: 'known' });
  });

  it('adopts its predecessor anew in another life or at another place', () => {
    for (const changed of [restarted(10), { ...memberAt(10), port: 2 }, { ...memberAt(10), position: 5 }]) {
      const step = ring.notified(state, changed);
      expect(step).toEqual({ state: { ...state, predecessor: changed }, outcome: 'adopted' });
    }
  });

  it('leaves it to a look at the predecessor where the notifier is farther, and replaces a dead one', () => {
    expect(ring.notified(state, memberAt(5))).toEqual({ state, outcome: 'contested' });
    expect(ring.replaced(state, memberAt(5))).toEqual(stateOf(20, 5, 30));
  });

  it('says that its own position is taken', () => {
    expect(ring.notified(state, memberAt(20, 'twin'))).toEqual({ state, outcome: 'taken' });
  });
});

describe('a neighbour that leaves', () => {
  it('hands its list to its predecessor', () => {
    const state = ring.departed(stateOf(10, 50, 20, 30), memberAt(20), stateOf(20, 10, 30, 40, 50), RULES);
    expect(state).toEqual(stateOf(10, 50, 30, 40, 50));
  });

  it('hands its predecessor to its successor', () => {
    const state = ring.departed(stateOf(30, 20, 40), memberAt(20), stateOf(20, 10, 30, 40), RULES);
    expect(state).toEqual(stateOf(30, 10, 40));
  });

  it('farther down the list is only crossed out', () => {
    const state = ring.departed(stateOf(10, 50, 20, 30, 40), memberAt(30), stateOf(30, 20, 40, 50), RULES);
    expect(state).toEqual(stateOf(10, 50, 20, 40));
  });

  it('leaves the last member alone, and nobody waited for', () => {
    const before = waitingFor(stateOf(10, 20, 20), 'successor', 20);
    expect(ring.departed(before, memberAt(20), stateOf(20, 10, 10), RULES)).toEqual(stateOf(10, undefined));
  });

  it('does not make a member its own neighbour', () => {
    const state = ring.departed(stateOf(10, 20, 20, 30), memberAt(20), stateOf(20, 10, 30, 10), RULES);
    expect(positionsOf(state.successors)).toEqual([30]);
    expect(state.predecessor).toBeUndefined();
  });
});

describe('a member that somebody says lives', () => {
  const state = stateOf(10, 50, 20, 30);

  it('is asked where it would be the first successor', () => {
    const step = ring.considered(state, memberAt(15));
    expect(step).toEqual({ state: waitingFor(state, 'candidate', 15), ask: memberAt(15) });
  });

  it('is asked by a member that is alone, wherever it stands', () => {
    expect(ring.considered(stateOf(10, undefined), memberAt(5)).ask).toEqual(memberAt(5));
  });

  it('is asked where it is the first successor in another life', () => {
    expect(ring.considered(state, restarted(20)).ask).toEqual(restarted(20));
  });

  it.each([
    ['farther', memberAt(25)],
    ['the first successor as it is known', memberAt(20)],
    ['on our position', memberAt(10, 'twin')],
    ['ourselves', restarted(10)],
  ])('is not asked where it is %s', (_, candidate) => {
    expect(ring.considered(state, candidate)).toEqual({ state });
  });

  it('is not asked while an answer is awaited', () => {
    const waiting = waitingFor(state, 'successor', 20);
    expect(ring.considered(waiting, memberAt(15))).toEqual({ state: waiting });
  });
});
