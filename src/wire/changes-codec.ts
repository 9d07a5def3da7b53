// The rows of watches: the question for what has changed, and its answer. The order is that of
// docs/PROTOCOL.md.
import { MARKS_MAX, type Mark } from '../core/change-query.ts';
import type { Reply, Request } from '../core/message.ts';
import type { Reader, Writer } from './bytes.ts';
import {
  readArc,
  readCondition,
  readEntries,
  readKey,
  writeArc,
  writeCondition,
  writeEntries,
  writeKey,
} from './entry-codec.ts';
import { readList, writeList, type Rules, type Scope } from './schema.ts';

/** The part of a lineage that versions carry. */
const LINEAGE_BYTES_MAX = 4;

export const CHANGES_REQUESTS: Pick<Rules<Request>, 'changes'> = {
  changes: {
    code: 0x23,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeKey(out, request.key, scope);
      out.bool(request.prefix);
      writeList(out, request.marks, MARKS_MAX, writeMark, scope);
      out.varint(request.log);
      out.varint(request.place);
      out.varint(request.waitMs);
      out.varint(request.budgetMs);
    },
    read: (input, scope) => ({
      type: 'changes',
      arc: readArc(input, scope),
      key: readKey(input, scope),
      prefix: input.bool(),
      marks: readList(input, MARKS_MAX, readMark, scope),
      log: input.varint(),
      place: input.varint(),
      waitMs: input.varint(),
      budgetMs: input.varint(),
    }),
  },
};

export const CHANGES_REPLIES: Pick<Rules<Reply>, 'changed'> = {
  changed: {
    code: 0x53,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      out.text(reply.lineage, LINEAGE_BYTES_MAX);
      writeEntries(out, reply.entries, scope);
      writeCondition(out, reply.through);
      out.varint(reply.throughMs);
      out.bool(reply.more);
      out.bool(reply.missing);
      writeCondition(out, reply.behind);
      out.varint(reply.log);
      out.varint(reply.place);
    },
    read: (input, scope) => ({
      type: 'changed',
      arc: readArc(input, scope),
      lineage: input.text(LINEAGE_BYTES_MAX),
      entries: readEntries(input, scope),
      through: readCondition(input),
      throughMs: input.varint(),
      more: input.bool(),
      missing: input.bool(),
      behind: readCondition(input),
      log: input.varint(),
      place: input.varint(),
    }),
  },
};

function writeMark(out: Writer, mark: Mark, scope: Scope): void {
  writeArc(out, mark.arc, scope);
  out.text(mark.lineage, LINEAGE_BYTES_MAX);
  writeCondition(out, mark.since);
  out.varint(mark.sinceMs);
}

function readMark(input: Reader, scope: Scope): Mark {
  return {
    arc: readArc(input, scope),
    lineage: input.text(LINEAGE_BYTES_MAX),
    since: readCondition(input),
    sinceMs: input.varint(),
  };
}
