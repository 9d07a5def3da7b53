// The drawing of a ring, compared as exact text: a picture that is wrong by a cell is seen at once.
import { describe, expect, it } from 'vitest';
import { arcShare, drawMembers, drawRing, type DrawnMember } from '../../src/cli/ring-drawing.ts';

/** Members on these positions, in order, each owning the arc from the one before. */
function membersAt(...positions: number[]): DrawnMember[] {
  return positions.map((position, i) => ({
    id: `member${i + 1}-and-a-long-tail`,
    position,
    addr: ['127.0.0.1', 4444 + i],
    arc: { from: positions.at(i - 1) ?? 0, to: position },
    serving: true,
    entries: 10 * i,
    copies: i,
  }));
}

describe('drawRing', () => {
  it('draws position 0 at the top and goes clockwise', () => {
    const lines = drawRing(membersAt(0, 64, 128, 192), { k: 8, width: 41, height: 9, centre: ['4 members'] });
    expect(lines).toMatchInlineSnapshot(`
      [
        "                  · ● 1 @0",
        "              · ·       · ·",
        "             ·             ·",
        "            ·               ·",
        "     4 @192 ●   4 members   ● 2 @64",
        "            ·               ·",
        "             ·             ·",
        "              · ·       · ·",
        "             3 @128 ● ·",
      ]
    `);
  });

  it('draws a member that does not serve yet as an empty dot', () => {
    const members = membersAt(0, 128).map((member, i) => ({ ...member, serving: i === 0 }));
    const text = drawRing(members, { k: 8, width: 41, height: 9 }).join('\n');
    expect([text.split('●').length, text.split('○').length]).toEqual([2, 2]);
  });

  it('draws a single member', () => {
    const lines = drawRing(membersAt(10), { k: 8, width: 31, height: 7 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "             · ·● 1 @10",
        "          ··       ··",
        "         ·           ·",
        "         ·           ·",
        "         ·           ·",
        "          ··       ··",
        "             · · ·",
      ]
    `);
  });

  it('labels with numbers alone where positions would crowd the drawing', () => {
    const members = membersAt(...Array.from({ length: 17 }, (_, i) => i * 15));
    const text = drawRing(members, { k: 8, width: 61, height: 21 }).join('\n');
    expect(text).not.toContain('@');
    for (let i = 1; i <= 17; i++) expect(text).toMatch(new RegExp(`(^|\\D)${i}(\\D|$)`, 'm'));
  });

  it.each([1, 2, 7, 8, 16, 31, 32])('never writes beyond its rectangle with %i members', (count) => {
    const members = membersAt(...Array.from({ length: count }, (_, i) => Math.floor((i * 2 ** 32) / count)));
    for (const width of [20, 40, 80, 120]) {
      const lines = drawRing(members, { k: 32, width, height: 15, centre: ['a line in the middle'] });
      expect(lines).toHaveLength(15);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('paints each part with its own name', () => {
    const parts = new Set<string>();
    drawRing(membersAt(0, 100), {
      k: 8,
      width: 41,
      height: 9,
      centre: ['x'],
      paint: (part, text) => {
        parts.add(part);
        return text;
      },
    });
    expect([...parts].toSorted()).toEqual(['arc', 'centre', 'label', 'member']);
  });
});

describe('drawMembers', () => {
  it('is a table with the share of each arc', () => {
    expect(drawMembers(membersAt(0, 64, 192), 8)).toMatchInlineSnapshot(`
      [
        "#  position  id          address         arc %  entries  copies  state",
        "1         0  member1-an  127.0.0.1:4444   25.0        0       0  serving",
        "2        64  member2-an  127.0.0.1:4445   25.0       10       1  serving",
        "3       192  member3-an  127.0.0.1:4446   50.0       20       2  serving",
      ]
    `);
  });

  it('gives the whole ring to a member that is alone', () => {
    expect(arcShare({ arc: { from: 7, to: 7 } }, 8)).toBe(1);
  });

  it('measures an arc that wraps round', () => {
    expect(arcShare({ arc: { from: 192, to: 64 } }, 8)).toBe(0.5);
  });
});
