// The published counterexamples to Chord, as far as their texts say what happens: under the rules of 2001
// each breaks the ring, under the shipped ones it cannot or is mended. CCR 2012 = Zave, "Using lightweight
// modeling to understand Chord"; TSE 2017 = Zave, "Reasoning about identifier spaces: How to make Chord
// correct". CCR Figs. 3 and 4 are not here: their text leaves open which pointers the drawings begin with.
import { describe, expect, it } from 'vitest';
import { circle, circle2001 } from './circle.ts';

describe('the rules of 2001', () => {
  it('merge an appendage into the ring at the wrong place (CCR Fig. 2, OrderedMerges)', () => {
    const ring = circle2001(2, [6, 8, 10, 16], {
      6: { predecessor: 16, successors: [16] },
      16: { predecessor: 6, successors: [6] },
    });
    ring.act(8, 'joins behind', 6).act(10, 'joins behind', 6).act(16, 'is notified by', 10);
    ring.act(6, 'stabilises with', 16).act(10, 'is notified by', 6);
    // 10 is on the ring between 8 and 16, and 8 still merges at 16; the protocol can repair this.
    expect(ring.list(8)).toEqual([16]);
    expect(ring.list(6)).toEqual([10]);
    expect(ring.lacks).toEqual([]);
    expect(ring.act(8, 'stabilises with', 16).list(8)).toEqual([10]);
  });

  it('lose an appendage whose only successor fails (CCR Fig. 5, ConnectedAppendages)', () => {
    const ring = circle2001(2, [5, 7, 9, 22], {
      5: { predecessor: 22, successors: [9, 22] },
      9: { predecessor: 5, successors: [22, 5] },
      22: { predecessor: 9, successors: [5, 9] },
    });
    ring.act(7, 'joins behind', 5).act(9, 'fails').act(5, 'updates past', 9);
    expect(ring.list(5)).toEqual([22]);
    expect(ring.lacks).toContain('ConnectedAppendages');
    expect(ring.settle(1)).toBe(false);
  });

  it('put a dead member on the ring (CCR Fig. 6, AtLeastOneRing)', () => {
    const ring = circle2001(2, [6, 10, 12], {
      6: { predecessor: 12, successors: [12] },
      12: { predecessor: 6, successors: [6] },
    });
    ring.act(10, 'joins behind', 6).act(12, 'is notified by', 10).act(10, 'fails');
    ring.act(6, 'stabilises with', 12).act(12, 'flushes', 10);
    expect(ring.list(6)).toEqual([10]);
    expect(ring.lacks).toContain('AtLeastOneRing');
  });

  it('wind the ring round more than once, for ever (CCR Fig. 7, OrderedRing)', () => {
    const ring = circle2001(2, [0, 5, 18, 21, 40, 49], {
      0: { predecessor: 40, successors: [18, 40] },
      18: { predecessor: 0, successors: [40, 0] },
      40: { predecessor: 18, successors: [0, 18] },
    });
    const triples = [
      [0, 5, 18],
      [18, 21, 40],
      [40, 49, 0],
    ] as const;
    for (const [before, joiner, behind] of triples) {
      ring.act(joiner, 'joins behind', before).act(behind, 'is notified by', joiner);
      ring.act(before, 'stabilises with', behind).act(joiner, 'is notified by', before);
    }
    for (const [, joiner] of triples) ring.act(joiner, 'fails');
    for (const [before, joiner] of triples) ring.act(before, 'updates past', joiner);
    expect([0, 18, 40].map((member) => ring.list(member))).toEqual([[40], [0], [18]]);
    expect(ring.lacks).toEqual(['OrderedRing']);
    expect(ring.settle(1)).toBe(false);
  });

  it('break the ring in two (CCR Fig. 8, AtMostOneRing)', () => {
    const ring = circle2001(2, [19, 25, 31, 60], {
      25: { predecessor: 60, successors: [60, 25] },
      60: { predecessor: 25, successors: [25, 60] },
    });
    ring.act(31, 'joins behind', 25).act(60, 'is notified by', 31);
    ring.act(25, 'stabilises with', 60).act(31, 'is notified by', 25);
    ring.act(19, 'joins behind', 60).act(25, 'is notified by', 19);
    ring.act(60, 'stabilises with', 25).act(19, 'is notified by', 60);
    ring.act(31, 'fails').act(19, 'fails').act(25, 'updates past', 31).act(60, 'updates past', 19);
    expect([ring.list(25), ring.list(60)]).toEqual([[25], [60]]);
    expect(ring.lacks).toContain('AtMostOneRing');
    expect(ring.settle(1)).toBe(false);
  });

  it('cannot begin with a ring of one (TSE Fig. 3)', () => {
    const ring = circle2001(2, [37, 48, 62], { 48: { predecessor: undefined, successors: [48] } });
    ring.act(62, 'joins behind', 48).act(37, 'joins behind', 48);
    ring.act(62, 'reconciles with', 48).act(37, 'reconciles with', 48);
    expect([ring.list(37), ring.list(62)]).toEqual([
      [48, 48],
      [48, 48],
    ]);
    ring
      .act(48, 'is notified by', 62)
      .act(48, 'stabilises with')
      .act(62, 'is notified by', 48)
      .act(48, 'fails');
    expect(ring.lacks).toContain('AtLeastOneRing');
    expect(ring.settle(1)).toBe(false);
  });
});

describe('the shipped rules', () => {
  it('mend a ring that winds round more than once, in which all predecessors agree (CCR Fig. 7)', () => {
    const ring = circle(2, [0, 18, 40], {
      0: { predecessor: 18, successors: [40] },
      18: { predecessor: 40, successors: [0] },
      40: { predecessor: 0, successors: [18] },
    });
    expect(ring.lacks).toEqual(['OrderedRing']);
    expect(ring.settle(1)).toBe(true);
  });

  it('mend a ring whose first member dies though a list names nobody else (TSE Fig. 3)', () => {
    const ring = circle(2, [37, 48, 62], { 48: { predecessor: undefined, successors: [] } });
    ring.act(62, 'reads, to join behind,', 48).act(62, 'joins before', 48);
    ring.act(37, 'reads, to join behind,', 62).act(37, 'joins before', 48);
    expect([ring.list(37), ring.list(62)]).toEqual([[48, 62], [48]]);
    ring.act(48, 'fails');
    expect(ring.lacks).toContain('OneLiveSuccessor');
    expect(ring.settle(1)).toBe(true);
  });

  it('need principals: without, a ring that has every other property loses its order (TSE Fig. 4)', () => {
    const ring = circle(2, [3, 20, 31, 45, 52], {
      3: { predecessor: 52, successors: [20, 31] },
      20: { predecessor: 3, successors: [31, 52] },
      31: { predecessor: 20, successors: [52, 3] },
      45: { predecessor: undefined, successors: [20, 31] },
      52: { predecessor: 31, successors: [3, 45] },
    });
    expect(ring.lacks).toEqual([]);
    expect(ring.principals).toEqual([]);
    ring.act(3, 'fails').act(52, 'finds dead', 3);
    expect(ring.lacks).toEqual(['OrderedRing']);
    expect(ring.settle(1)).toBe(true);
  });

  it('never name a member that has not answered as first successor', () => {
    const ring = circle(3, [0, 1, 2, 3, 4], {
      0: { predecessor: 3, successors: [4] },
      2: { predecessor: undefined, successors: [3, 1] },
      3: { predecessor: 2, successors: [4, 1] },
      4: { predecessor: 3, successors: [0, 1] },
    });
    // 3 answers 0 and names 1, which is dead and stands before it.
    ring.act(0, 'stabilises with', 4).act(0, 'gets an answer of', 3);
    expect(ring.list(0)[0]).toBe(3);
  });
});
