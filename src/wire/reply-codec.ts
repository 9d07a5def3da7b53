// The table of replies: code and fields of each, in the order of docs/PROTOCOL.md. Codes are 0x40 to 0x7f:
// the request's plus 0x30, and from 0x70 on those that answer any request.
import type { FailureCode, Reply } from '../core/message.ts';
import { CHANGES_REPLIES } from './changes-codec.ts';
import {
  readContact,
  readContacts,
  readMemberDescription,
  readNeighbourhood,
  readTables,
  writeContact,
  writeContacts,
  writeMemberDescription,
  writeNeighbourhood,
  writeTables,
} from './contact-codec.ts';
import {
  readArc,
  readEntries,
  readPlace,
  RESULTS,
  writeArc,
  writeEntries,
  writePlace,
} from './entry-codec.ts';
import { MESSAGE_REPLIES } from './message-codec.ts';
import { CONFIGURATION_REPLIES, REPLICATION_REPLIES } from './replication-codec.ts';
import { Choice, readOptional, Schema, writeOptional, type Rules } from './schema.ts';

type ReplyRules<Name extends Reply['type']> = Pick<Rules<Reply>, Name>;
type ReplyOf<Name extends Reply['type']> = Extract<Reply, { readonly type: Name }>;

const STATE: Choice<ReplyOf<'neighbourhood-is'>['state']> = new Choice({
  pending: 0,
  same: 1,
  full: 2,
  'not-a-member': 3,
  changed: 4,
});

const NOTIFY_OUTCOME: Choice<ReplyOf<'notified'>['outcome']> = new Choice({
  adopted: 0,
  known: 1,
  taken: 2,
  passed: 3,
  pending: 4,
  'not-a-member': 5,
});

const FAILURE_CODE: Choice<FailureCode> = new Choice({
  BUSY: 0,
  ERR_QUORUM: 1,
  ERR_TIMEOUT: 2,
  ERR_LIMIT: 3,
  ERR_STORE: 4,
  ERR_KEY_TOO_LARGE: 5,
  ERR_VALUE_TOO_LARGE: 6,
  UNKNOWN: 7,
});

const MEMBERSHIP: ReplyRules<
  'pong' | 'neighbourhood-is' | 'notified' | 'introduced' | 'left' | 'checked' | 'dialled-back' | 'announced'
> = {
  pong: {
    code: 0x40,
    write: (out, reply) => out.varint(reply.wallMs),
    read: (input) => ({ type: 'pong', wallMs: input.varint() }),
  },
  'neighbourhood-is': {
    code: 0x41,
    write(out, reply, scope) {
      STATE.write(out, reply.state);
      writeNeighbourhood(out, reply.neighbourhood, scope);
      out.varint(reply.kept);
    },
    read: (input, scope) => ({
      type: 'neighbourhood-is',
      state: STATE.read(input),
      neighbourhood: readNeighbourhood(input, scope),
      kept: input.varint(),
    }),
  },
  notified: {
    code: 0x42,
    write(out, reply, scope) {
      NOTIFY_OUTCOME.write(out, reply.outcome);
      writeOptional(out, reply.predecessor, writeContact, scope);
      writeContacts(out, reply.successors, scope);
    },
    read: (input, scope) => ({
      type: 'notified',
      outcome: NOTIFY_OUTCOME.read(input),
      predecessor: readOptional(input, readContact, scope),
      successors: readContacts(input, scope),
    }),
  },
  introduced: {
    code: 0x43,
    write: () => undefined,
    read: () => ({ type: 'introduced' }),
  },
  left: {
    code: 0x44,
    write: () => undefined,
    read: () => ({ type: 'left' }),
  },
  checked: {
    code: 0x45,
    write: (out, reply) => out.bool(reply.alive),
    read: (input) => ({ type: 'checked', alive: input.bool() }),
  },
  'dialled-back': {
    code: 0x46,
    write(out, reply, scope) {
      out.bool(reply.reached);
      out.sentence(reply.reason, scope.limits.sentenceBytes);
    },
    read: (input, scope) => ({
      type: 'dialled-back',
      reached: input.bool(),
      reason: input.text(scope.limits.sentenceBytes),
    }),
  },
  announced: {
    code: 0x47,
    write: () => undefined,
    read: () => ({ type: 'announced' }),
  },
};

const ROUTING: ReplyRules<'found' | 'tables-are' | 'described'> = {
  found: {
    code: 0x48,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      out.bool(reply.owner);
      writeContacts(out, reply.contacts, scope);
      writeContacts(out, reply.followers, scope);
    },
    read: (input, scope) => ({
      type: 'found',
      arc: readArc(input, scope),
      owner: input.bool(),
      contacts: readContacts(input, scope),
      followers: readContacts(input, scope),
    }),
  },
  'tables-are': {
    code: 0x49,
    write(out, reply, scope) {
      out.varint(reply.digest);
      writeOptional(out, reply.tables, writeTables, scope);
    },
    read: (input, scope) => ({
      type: 'tables-are',
      digest: input.varint(),
      tables: readOptional(input, readTables, scope),
    }),
  },
  described: {
    code: 0x4a,
    write: (out, reply, scope) => writeOptional(out, reply.member, writeMemberDescription, scope),
    read: (input, scope) => ({
      type: 'described',
      member: readOptional(input, readMemberDescription, scope),
    }),
  },
};

const DICTIONARY: ReplyRules<'operated' | 'located' | 'scanned'> = {
  operated: {
    code: 0x50,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      RESULTS.write(out, reply.result, scope);
    },
    read: (input, scope) => ({
      type: 'operated',
      arc: readArc(input, scope),
      result: RESULTS.read(input, scope),
    }),
  },
  located: {
    code: 0x51,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      writeContacts(out, reply.replicas, scope);
    },
    read: (input, scope) => ({
      type: 'located',
      arc: readArc(input, scope),
      replicas: readContacts(input, scope),
    }),
  },
  scanned: {
    code: 0x52,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      writeEntries(out, reply.entries, scope);
      writeOptional(out, reply.next, writePlace, scope);
    },
    read: (input, scope) => ({
      type: 'scanned',
      arc: readArc(input, scope),
      entries: readEntries(input, scope),
      next: readOptional(input, readPlace, scope),
    }),
  },
};

const GENERAL: ReplyRules<'redirect' | 'failed'> = {
  redirect: {
    code: 0x70,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      out.bool(reply.owner);
      writeContacts(out, reply.contacts, scope);
    },
    read: (input, scope) => ({
      type: 'redirect',
      arc: readArc(input, scope),
      owner: input.bool(),
      contacts: readContacts(input, scope),
    }),
  },
  failed: {
    code: 0x71,
    write(out, reply, scope) {
      FAILURE_CODE.write(out, reply.code);
      out.sentence(reply.message, scope.limits.sentenceBytes);
    },
    read: (input, scope) => ({
      type: 'failed',
      code: FAILURE_CODE.read(input),
      message: input.text(scope.limits.sentenceBytes),
    }),
  },
};

export const REPLY_RULES: Rules<Reply> = {
  ...MEMBERSHIP,
  ...ROUTING,
  ...DICTIONARY,
  ...CHANGES_REPLIES,
  ...CONFIGURATION_REPLIES,
  ...REPLICATION_REPLIES,
  ...MESSAGE_REPLIES,
  ...GENERAL,
};

export const REPLIES: Schema<Reply> = new Schema(REPLY_RULES);
