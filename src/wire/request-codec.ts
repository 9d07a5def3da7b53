// The table of requests: code and fields of each, in the order of docs/PROTOCOL.md. Codes are 0x10 to 0x3f;
// the reply that belongs to a request has its code plus 0x30.
import type { Request } from '../core/message.ts';
import { CHANGES_REQUESTS } from './changes-codec.ts';
import {
  readContact,
  readContacts,
  readNeighbourhood,
  writeContact,
  writeContacts,
  writeNeighbourhood,
} from './contact-codec.ts';
import { CONSISTENCY, OPERATIONS, readKey, readPosition, writeKey, writePosition } from './entry-codec.ts';
import { MESSAGE_REQUESTS } from './message-codec.ts';
import { CONFIGURATION_REQUESTS, REPLICATION_REQUESTS } from './replication-codec.ts';
import { readOptional, Schema, writeOptional, type Rules } from './schema.ts';

type RequestRules<Name extends Request['type']> = Pick<Rules<Request>, Name>;

const MEMBERSHIP: RequestRules<
  'ping' | 'neighbourhood' | 'notify' | 'introduce' | 'leave' | 'check' | 'dial-back' | 'announce'
> = {
  ping: {
    code: 0x10,
    write: () => undefined,
    read: () => ({ type: 'ping' }),
  },
  neighbourhood: {
    code: 0x11,
    write(out, request, scope) {
      writePosition(out, request.position, scope);
      out.varint(request.known);
    },
    read: (input, scope) => ({
      type: 'neighbourhood',
      position: readPosition(input, scope),
      known: input.varint(),
    }),
  },
  notify: {
    code: 0x12,
    write: (out, request, scope) => writeContact(out, request.self, scope),
    read: (input, scope) => ({ type: 'notify', self: readContact(input, scope) }),
  },
  introduce: {
    code: 0x13,
    write: (out, request, scope) => writeContacts(out, request.contacts, scope),
    read: (input, scope) => ({ type: 'introduce', contacts: readContacts(input, scope) }),
  },
  leave: {
    code: 0x14,
    write(out, request, scope) {
      writeContact(out, request.self, scope);
      writeNeighbourhood(out, request.neighbourhood, scope);
    },
    read: (input, scope) => ({
      type: 'leave',
      self: readContact(input, scope),
      neighbourhood: readNeighbourhood(input, scope),
    }),
  },
  check: {
    code: 0x15,
    write: (out, request, scope) => writeContact(out, request.suspect, scope),
    read: (input, scope) => ({ type: 'check', suspect: readContact(input, scope) }),
  },
  'dial-back': {
    code: 0x16,
    write: (out, request, scope) => writeContact(out, request.contact, scope),
    read: (input, scope) => ({ type: 'dial-back', contact: readContact(input, scope) }),
  },
  announce: {
    code: 0x17,
    write(out, request, scope) {
      writeContact(out, request.self, scope);
      out.bool(request.member);
    },
    read: (input, scope) => ({
      type: 'announce',
      self: readContact(input, scope),
      member: input.bool(),
    }),
  },
};

const ROUTING: RequestRules<'find' | 'tables' | 'describe'> = {
  find: {
    code: 0x18,
    write(out, request, scope) {
      writePosition(out, request.position, scope);
      out.bool(request.followers);
    },
    read: (input, scope) => ({
      type: 'find',
      position: readPosition(input, scope),
      followers: input.bool(),
    }),
  },
  tables: {
    code: 0x19,
    write: (out, request) => out.varint(request.known),
    read: (input) => ({ type: 'tables', known: input.varint() }),
  },
  describe: {
    code: 0x1a,
    write: () => undefined,
    read: () => ({ type: 'describe' }),
  },
};

const DICTIONARY: RequestRules<'operate' | 'locate' | 'scan'> = {
  operate: {
    code: 0x20,
    write(out, request, scope) {
      writeKey(out, request.key, scope);
      OPERATIONS.write(out, request.operation, scope);
      CONSISTENCY.write(out, request.consistency);
      out.text(request.operationId, scope.limits.operationBytes);
      out.varint(request.sinceMs);
      out.varint(request.budgetMs);
    },
    read: (input, scope) => ({
      type: 'operate',
      key: readKey(input, scope),
      operation: OPERATIONS.read(input, scope),
      consistency: CONSISTENCY.read(input),
      operationId: input.text(scope.limits.operationBytes),
      sinceMs: input.varint(),
      budgetMs: input.varint(),
    }),
  },
  locate: {
    code: 0x21,
    write: (out, request, scope) => writePosition(out, request.position, scope),
    read: (input, scope) => ({ type: 'locate', position: readPosition(input, scope) }),
  },
  scan: {
    code: 0x22,
    write(out, request, scope) {
      writePosition(out, request.position, scope);
      writeOptional(out, request.afterKey, writeKey, scope);
      writeKey(out, request.prefix, scope);
      out.bool(request.withValues);
      out.varint(request.budgetMs);
    },
    read: (input, scope) => ({
      type: 'scan',
      position: readPosition(input, scope),
      afterKey: readOptional(input, readKey, scope),
      prefix: readKey(input, scope),
      withValues: input.bool(),
      budgetMs: input.varint(),
    }),
  },
};

export const REQUEST_RULES: Rules<Request> = {
  ...MEMBERSHIP,
  ...ROUTING,
  ...DICTIONARY,
  ...CHANGES_REQUESTS,
  ...CONFIGURATION_REQUESTS,
  ...REPLICATION_REQUESTS,
  ...MESSAGE_REQUESTS,
};

export const REQUESTS: Schema<Request> = new Schema(REQUEST_RULES);
