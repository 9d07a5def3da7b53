// Leaving: how a member stops being one: it tells those who point to it what it knows, becomes a client,
// and sweeps what it holds to the members now responsible until each has acknowledged it. Also how a member
// moves off a contested position.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Home } from './home.ts';
import type { Membership } from './membership.ts';
import type { Owner } from './owner.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Sweep } from './sweep.ts';

export interface LeavingParts {
  readonly engine: Engine;
  readonly membership: Membership;
  readonly table: RoutingTable;
  readonly owner: Owner;
  readonly home: Home;
  readonly sweep: Sweep;
}

/**
 * How often a neighbour that does not acknowledge the farewell is told again: then it must find out itself.
 */
const FAREWELLS_MAX = 3;

/**
 * Leaves the ring. `replacement` is the member that stays where we stood, if we were displaced. `done` is
 * called once nothing held here is missing elsewhere; a member that is alone keeps its entries and is done
 * at once.
 */
export function leave(parts: LeavingParts, replacement: Contact | undefined, done: () => void): void {
  const { engine, membership, table, owner, home, sweep } = parts;
  const { self } = engine;
  const { predecessor, successors } = membership.neighbourhood;
  const told = new Map<string, Contact>();
  for (const contact of [predecessor, ...successors])
    if (contact !== undefined) told.set(contact.id, contact);
  membership.exit();
  owner.reconcile();
  if (replacement !== undefined) table.observe(replacement);
  let open = 0;
  const acknowledged = (): void => {
    open -= 1;
    if (open > 0) return;
    if (told.size === 0 && replacement === undefined) done();
    else sweep.untilClean(done);
  };
  const others = [...told.values()];
  open = others.length + 1;
  for (const contact of others) {
    farewell(engine, contact, self, { predecessor, successors }, replacement, acknowledged, 1);
  }
  membership.announce();
  table.reset();
  const next = replacement ?? successors[0] ?? predecessor;
  if (next === undefined) home.watch();
  else home.connected(next, undefined);
  acknowledged();
}

function farewell(
  engine: Engine,
  to: Contact,
  self: Contact,
  neighbourhood: { predecessor: Contact | undefined; successors: readonly Contact[] },
  replacement: Contact | undefined,
  done: () => void,
  attempt: number,
): void {
  engine.call(to, { type: 'leave', self, neighbourhood }, (answer) => {
    if (answer.type === 'silence' && attempt < FAREWELLS_MAX) {
      return farewell(engine, to, self, neighbourhood, replacement, done, attempt + 1);
    }
    // After the farewell, so that the place it is introduced to is free.
    if (replacement === undefined) return done();
    engine.call(to, { type: 'introduce', contacts: [replacement] }, () => done());
  });
}
