// The rows of configurations and replication, requests and replies: what the members that hold an arc say to
// each other. The order is that of docs/PROTOCOL.md.
import type { Base } from '../core/configuration.ts';
import type { Reply, Request, Told } from '../core/message.ts';
import type { PartVote } from '../core/registers.ts';
import type { Summary } from '../core/store.ts';
import type { Reader, Writer } from './bytes.ts';
import {
  readArc,
  readEntries,
  readEntryVersions,
  readKeys,
  readPlace,
  readPosition,
  readVersion,
  writeArc,
  writeEntries,
  writeEntryVersions,
  writeKeys,
  writePlace,
  writePosition,
  writeVersion,
} from './entry-codec.ts';
import {
  readBallot,
  readBase,
  readConfiguration,
  readKnown,
  readProposal,
  readTold,
  VOTES,
  writeBallot,
  writeBase,
  writeConfiguration,
  writeKnown,
  writeProposal,
  writeTold,
} from './register-codec.ts';
import {
  Choice,
  readList,
  readOptional,
  writeList,
  writeOptional,
  type Rules,
  type Scope,
} from './schema.ts';

type RequestRules<Name extends Request['type']> = Pick<Rules<Request>, Name>;
type ReplyRules<Name extends Reply['type']> = Pick<Rules<Reply>, Name>;

/** Parts of an arc in one message. */
const PARTS_MAX = 1_024;

const REPLICATED: Choice<'stored' | 'refused'> = new Choice({ stored: 0, refused: 1 });
const OFFERED: Choice<Extract<Reply, { type: 'offered' }>['outcome']> = new Choice({
  keep: 0,
  release: 1,
  wait: 2,
  installed: 3,
  tell: 4,
});

export const CONFIGURATION_REQUESTS: RequestRules<'inspect' | 'prepare' | 'accept' | 'install'> = {
  inspect: {
    code: 0x28,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      out.bool(request.saved);
    },
    read: (input, scope) => ({ type: 'inspect', arc: readArc(input, scope), saved: input.bool() }),
  },
  prepare: {
    code: 0x29,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      writeBallot(out, request.ballot);
    },
    read: (input, scope) => ({
      type: 'prepare',
      arc: readArc(input, scope),
      base: readBase(input),
      ballot: readBallot(input),
    }),
  },
  accept: {
    code: 0x2a,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      writeProposal(out, request.proposal, scope);
    },
    read: (input, scope) => ({
      type: 'accept',
      arc: readArc(input, scope),
      base: readBase(input),
      proposal: readProposal(input, scope),
    }),
  },
  install: {
    code: 0x2b,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeConfiguration(out, request.configuration, scope);
      out.varint(request.watermark);
    },
    read: (input, scope) => ({
      type: 'install',
      arc: readArc(input, scope),
      configuration: readConfiguration(input, scope),
      watermark: input.varint(),
    }),
  },
};

export const REPLICATION_REQUESTS: RequestRules<
  | 'replicate'
  | 'copy'
  | 'summarise'
  | 'digest'
  | 'fetch'
  | 'pull'
  | 'pull-past'
  | 'void'
  | 'collect'
  | 'offer'
> = {
  replicate: {
    code: 0x2c,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      writeEntries(out, request.entries, scope);
    },
    read: (input, scope) => ({
      type: 'replicate',
      arc: readArc(input, scope),
      base: readBase(input),
      entries: readEntries(input, scope),
    }),
  },
  copy: {
    code: 0x2d,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      writeEntries(out, request.entries, scope);
      out.bool(request.past);
    },
    read: (input, scope) => ({
      type: 'copy',
      arc: readArc(input, scope),
      base: readBase(input),
      entries: readEntries(input, scope),
      past: input.bool(),
    }),
  },
  summarise: {
    code: 0x2e,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      out.varint(request.parts, PARTS_MAX);
      out.bool(request.past);
    },
    read: (input, scope) => ({
      type: 'summarise',
      arc: readArc(input, scope),
      parts: input.varint(PARTS_MAX),
      past: input.bool(),
    }),
  },
  digest: {
    code: 0x2f,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeOptional(out, request.after, writePlace, scope);
    },
    read: (input, scope) => ({
      type: 'digest',
      arc: readArc(input, scope),
      after: readOptional(input, readPlace, scope),
    }),
  },
  fetch: {
    code: 0x30,
    write: (out, request, scope) => writeKeys(out, request.keys, scope),
    read: (input, scope) => ({ type: 'fetch', keys: readKeys(input, scope) }),
  },
  pull: {
    code: 0x31,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeOptional(out, request.after, writePlace, scope);
    },
    read: (input, scope) => ({
      type: 'pull',
      arc: readArc(input, scope),
      after: readOptional(input, readPlace, scope),
    }),
  },
  'pull-past': {
    code: 0x32,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      out.varint(request.from);
    },
    read: (input, scope) => ({ type: 'pull-past', arc: readArc(input, scope), from: input.varint() }),
  },
  void: {
    code: 0x33,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      writeEntryVersions(out, request.items, scope);
      writeEntries(out, request.entries, scope);
    },
    read: (input, scope) => ({
      type: 'void',
      arc: readArc(input, scope),
      base: readBase(input),
      items: readEntryVersions(input, scope),
      entries: readEntries(input, scope),
    }),
  },
  collect: {
    code: 0x34,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writeBase(out, request.base);
      out.varint(request.watermark);
    },
    read: (input, scope) => ({
      type: 'collect',
      arc: readArc(input, scope),
      base: readBase(input),
      watermark: input.varint(),
    }),
  },
  offer: {
    code: 0x35,
    write(out, request, scope) {
      writeArc(out, request.arc, scope);
      writePosition(out, request.position, scope);
      writeOptional(out, request.base, writeBase, scope);
      writeOptional(out, request.told, writeTold, scope);
    },
    read: (input, scope) => ({
      type: 'offer',
      arc: readArc(input, scope),
      position: readPosition(input, scope),
      base: readOptional<Base>(input, readBase, scope),
      told: readOptional<Told>(input, readTold, scope),
    }),
  },
};

export const CONFIGURATION_REPLIES: ReplyRules<'inspected' | 'voted' | 'installed'> = {
  inspected: {
    code: 0x58,
    write(out, reply, scope) {
      out.varint(reply.birth);
      writeList(out, reply.known, PARTS_MAX, writeKnown, scope);
    },
    read: (input, scope) => ({
      type: 'inspected',
      birth: input.varint(),
      known: readList(input, PARTS_MAX, readKnown, scope),
    }),
  },
  voted: {
    code: 0x59,
    write: (out, reply, scope) => writeList(out, reply.votes, PARTS_MAX, writePartVote, scope),
    read: (input, scope) => ({ type: 'voted', votes: readList(input, PARTS_MAX, readPartVote, scope) }),
  },
  installed: {
    code: 0x5b,
    write: (out, reply) => out.bool(reply.whole),
    read: (input) => ({ type: 'installed', whole: input.bool() }),
  },
};

export const REPLICATION_REPLIES: ReplyRules<
  | 'replicated'
  | 'copied'
  | 'summary'
  | 'digest-is'
  | 'fetched'
  | 'pulled'
  | 'voided'
  | 'collected'
  | 'offered'
> = {
  replicated: {
    code: 0x5c,
    write: (out, reply) => REPLICATED.write(out, reply.outcome),
    read: (input) => ({ type: 'replicated', outcome: REPLICATED.read(input) }),
  },
  copied: {
    code: 0x5d,
    write: (out, reply) => out.bool(reply.stored),
    read: (input) => ({ type: 'copied', stored: input.bool() }),
  },
  summary: {
    code: 0x5e,
    write(out, reply, scope) {
      out.varint(reply.birth);
      writeVersion(out, reply.clock);
      writeList(out, reply.parts, PARTS_MAX, writeSummary, scope);
      writeSummary(out, reply.past);
    },
    read: (input, scope) => ({
      type: 'summary',
      birth: input.varint(),
      clock: readVersion(input),
      parts: readList(input, PARTS_MAX, readSummary, scope),
      past: readSummary(input),
    }),
  },
  'digest-is': {
    code: 0x5f,
    write(out, reply, scope) {
      writeEntryVersions(out, reply.items, scope);
      out.bool(reply.more);
    },
    read: (input, scope) => ({
      type: 'digest-is',
      items: readEntryVersions(input, scope),
      more: input.bool(),
    }),
  },
  fetched: {
    code: 0x60,
    write: (out, reply, scope) => writeEntries(out, reply.entries, scope),
    read: (input, scope) => ({ type: 'fetched', entries: readEntries(input, scope) }),
  },
  pulled: {
    code: 0x61,
    write(out, reply, scope) {
      writeEntries(out, reply.entries, scope);
      out.bool(reply.more);
    },
    read: (input, scope) => ({
      type: 'pulled',
      entries: readEntries(input, scope),
      more: input.bool(),
    }),
  },
  voided: { code: 0x63, write: () => undefined, read: () => ({ type: 'voided' }) },
  collected: {
    code: 0x64,
    write: (out, reply) => out.bool(reply.done),
    read: (input) => ({ type: 'collected', done: input.bool() }),
  },
  offered: {
    code: 0x65,
    write(out, reply, scope) {
      writeArc(out, reply.arc, scope);
      OFFERED.write(out, reply.outcome);
      writeOptional(out, reply.known, writeKnown, scope);
    },
    read: (input, scope) => ({
      type: 'offered',
      arc: readArc(input, scope),
      outcome: OFFERED.read(input),
      known: readOptional(input, readKnown, scope),
    }),
  },
};

function writePartVote(out: Writer, { arc, vote }: PartVote, scope: Scope): void {
  writeArc(out, arc, scope);
  VOTES.write(out, vote, scope);
}

function readPartVote(input: Reader, scope: Scope): PartVote {
  return { arc: readArc(input, scope), vote: VOTES.read(input, scope) };
}

function writeSummary(out: Writer, summary: Summary): void {
  out.varint(summary.count);
  out.varint(summary.low);
  out.varint(summary.high);
}

function readSummary(input: Reader): Summary {
  return { count: input.varint(), low: input.varint(), high: input.varint() };
}
