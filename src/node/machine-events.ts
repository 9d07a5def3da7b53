// Machine events: what the machine reports, told to the user and to the log. It owns the wording only; when
// something is reported is the machine's to say.
import type { Delivery, MachineEvent } from '../core/effect.ts';
import { keyToBuffer } from './bytes.ts';
import type { DebugLog } from './debug-log.ts';
import { toChordError } from './driver.ts';
import type { Emit } from './events.ts';
import { toNeighbours } from './ring-view.ts';

export interface EventView {
  readonly emit: Emit;
  readonly log: DebugLog['write'];
  readonly deliver: (delivery: Delivery) => void;
  /** What this node and its neighbours are has changed. */
  readonly note: () => void;
  readonly fault: (error: unknown) => void;
}

export function reportEvent(event: MachineEvent, view: EventView): void {
  switch (event.type) {
    case 'neighbours':
      view.note();
      return view.emit('neighbours', toNeighbours(event));
    case 'self':
      view.note();
      return view.log('debug', event.member ? 'is a member' : 'is a client', {
        position: event.self.position,
      });
    case 'add':
    case 'update':
    case 'delete':
      return view.emit(event.type, { key: keyToBuffer(event.key), version: event.version });
    case 'degraded':
      view.log('warn', event.message);
      return view.emit('degraded', { message: event.message });
    case 'message':
      return view.deliver(event.message);
    case 'gap': {
      const { sender, count } = event;
      view.log('warn', `${count} messages of ${sender} were lost`);
      return view.emit('gap', { sender, count, reason: 'window' });
    }
    case 'error':
      view.fault(toChordError(event.failure));
  }
}
