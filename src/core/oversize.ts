// Oversize: writes that are larger than the owner of their key takes. It owns the decision and the sentence
// for the asker, whose limits may be higher. Copies take what an owner gives them, and reads and deletions
// are not bounded: what another owner allowed can be read and removed.
import type { Engine } from './engine.ts';
import type { History } from './history.ts';
import type { Operation, Reply, Request } from './message.ts';
import type { Owner } from './owner.ts';
import type { MemoryStore } from './store.ts';

type OperateRequest = Extract<Request, { type: 'operate' }>;
type Failed = Extract<Reply, { type: 'failed' }>;

export interface OversizeParts {
  readonly engine: Engine;
  readonly owner: Pick<Owner, 'segmentAt'>;
  readonly store: MemoryStore;
  readonly history: History;
}

/**
 * The answer to a write that this node does not take as the owner; undefined where it does. Given before the
 * write waits for anything: what is too large is not held.
 */
export function oversize(request: OperateRequest, parts: OversizeParts): Failed | undefined {
  const { key, operation } = request;
  if (operation.type === 'get' || operation.type === 'delete') return undefined;
  const { self, limits } = parts.engine;
  const length = givenLength(operation);
  const isLongKey = key.length > limits.keyBytes;
  if (!isLongKey && length <= limits.valueBytes) return undefined;
  if (request.sinceMs > 0) {
    // A former owner may have taken it, which is told by what is held once the arc is taken over.
    const isServed = parts.owner.segmentAt(parts.engine.positionOf(key)) !== undefined;
    if (!isServed) return { type: 'failed', code: 'BUSY', message: 'the arc is being taken over' };
    if (isMade(request, parts)) return undefined;
  }
  const whose = `and the owner of the key, ${self.host}:${self.port}, takes at most`;
  if (isLongKey) {
    const message = `the key has ${key.length} bytes, ${whose} ${limits.keyBytes} (its limits.keyBytes)`;
    return { type: 'failed', code: 'ERR_KEY_TOO_LARGE', message };
  }
  const message = `the value has ${length} bytes, ${whose} ${limits.valueBytes} (its limits.valueBytes)`;
  return { type: 'failed', code: 'ERR_VALUE_TOO_LARGE', message };
}

/** What an increment or a merge makes is looked at once it is computed. */
function givenLength(operation: Operation): number {
  if (operation.type === 'set') return operation.value.length;
  return operation.type === 'merge' ? operation.patch.length : 0;
}

/** Then it is acknowledged: that it was stored must not be denied. */
function isMade({ key, operationId }: OperateRequest, { store, history }: OversizeParts): boolean {
  if (operationId === '') return false;
  return store.get(key)?.operation === operationId || history.byOperation(operationId).length > 0;
}
