// Announcement: what a node is now, told to every node that it is connected to.
import type { Engine } from './engine.ts';

/** How often somebody who does not acknowledge it is told again. */
const ATTEMPTS_MAX = 3;

export function announce(engine: Engine): void {
  for (const id of engine.peers.connectedIds()) announceTo(engine, id, 1);
}

function announceTo(engine: Engine, id: string, attempt: number): void {
  const { self, member } = engine;
  engine.call(id, { type: 'announce', self, member }, (answer) => {
    if (answer.type === 'silence' && attempt < ATTEMPTS_MAX) announceTo(engine, id, attempt + 1);
  });
}
