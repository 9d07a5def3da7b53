// Configurations, ballots, votes and registers on the wire: what members tell each other of who holds an arc,
// and what a durable member writes down of it. It owns their form; the rules of deciding are the core's.
import type {
  Ballot,
  Base,
  Configuration,
  Proposal,
  Register,
  RegisterRecord,
  Voter,
} from '../core/configuration.ts';
import type { Known, Told } from '../core/message.ts';
import type { Vote } from '../core/register.ts';
import type { KnownPart } from '../core/saved.ts';
import type { Reader, Writer } from './bytes.ts';
import { readContact, writeContact } from './contact-codec.ts';
import { readArc, writeArc } from './entry-codec.ts';
import {
  readList,
  readOptional,
  Schema,
  writeList,
  writeOptional,
  type Rules,
  type Scope,
} from './schema.ts';

/** An id is base58 of 32 bytes: 44 characters. A lineage names the node that began it, and a moment. */
const ID_BYTES_MAX = 64;
const LINEAGE_BYTES_MAX = 128;

export function writeConfiguration(out: Writer, configuration: Configuration, scope: Scope): void {
  const { lineage, epoch, members, ancestors } = configuration;
  if (epoch < 1) throw out.error(`a configuration of epoch ${epoch}`);
  if (members.length === 0) throw out.error('a configuration without members');
  out.text(lineage, LINEAGE_BYTES_MAX);
  out.varint(epoch);
  writeList(out, members, scope.limits.contactsMax, writeVoter, scope);
  writeList(out, ancestors, scope.limits.contactsMax, writeBase, scope);
}

export function readConfiguration(input: Reader, scope: Scope): Configuration {
  const lineage = input.text(LINEAGE_BYTES_MAX);
  const epoch = input.varint();
  if (epoch < 1) throw input.error(`a configuration of epoch ${epoch}`);
  const members = readList(input, scope.limits.contactsMax, readVoter, scope);
  if (members.length === 0) throw input.error('a configuration without members');
  const ancestors = readList<Base>(input, scope.limits.contactsMax, readBase, scope);
  return { lineage, epoch, members, ancestors };
}

export function writeTold(out: Writer, told: Told, scope: Scope): void {
  writeContact(out, told.holder, scope);
  writeOptional(out, told.configuration, writeConfiguration, scope);
}

export function readTold(input: Reader, scope: Scope): Told {
  return {
    holder: readContact(input, scope),
    configuration: readOptional<Configuration>(input, readConfiguration, scope),
  };
}

export function writeKnown(out: Writer, known: Known, scope: Scope): void {
  writeArc(out, known.arc, scope);
  writeConfiguration(out, known.configuration, scope);
  out.varint(known.watermark);
}

export function readKnown(input: Reader, scope: Scope): Known {
  return {
    arc: readArc(input, scope),
    configuration: readConfiguration(input, scope),
    watermark: input.varint(),
  };
}

/** Only the name of a configuration. */
export function writeBase(out: Writer, base: Base): void {
  out.text(base.lineage, LINEAGE_BYTES_MAX);
  out.varint(base.epoch);
}

export function readBase(input: Reader): Base {
  return { lineage: input.text(LINEAGE_BYTES_MAX), epoch: input.varint() };
}

export function writeBallot(out: Writer, ballot: Ballot): void {
  out.varint(ballot.round);
  out.text(ballot.id, ID_BYTES_MAX);
}

export function readBallot(input: Reader): Ballot {
  return { round: input.varint(), id: input.text(ID_BYTES_MAX) };
}

export function writeRegister(out: Writer, register: Register, scope: Scope): void {
  writeConfiguration(out, register.configuration, scope);
  writeOptional(out, register.promised, writeBallot, scope);
  writeOptional(out, register.accepted, writeProposal, scope);
  out.varint(register.watermark);
}

export function readRegister(input: Reader, scope: Scope): Register {
  return {
    configuration: readConfiguration(input, scope),
    promised: readOptional(input, readBallot, scope),
    accepted: readOptional(input, readProposal, scope),
    watermark: input.varint(),
  };
}

export function writeRegisterRecord(out: Writer, { arc, register }: RegisterRecord, scope: Scope): void {
  writeArc(out, arc, scope);
  writeRegister(out, register, scope);
}

export function readRegisterRecord(input: Reader, scope: Scope): RegisterRecord {
  return { arc: readArc(input, scope), register: readRegister(input, scope) };
}

export function writeKnownPart(out: Writer, { arc, configuration }: KnownPart, scope: Scope): void {
  writeArc(out, arc, scope);
  writeConfiguration(out, configuration, scope);
}

export function readKnownPart(input: Reader, scope: Scope): KnownPart {
  return { arc: readArc(input, scope), configuration: readConfiguration(input, scope) };
}

export function writeProposal(out: Writer, proposal: Proposal, scope: Scope): void {
  writeBallot(out, proposal.ballot);
  writeConfiguration(out, proposal.configuration, scope);
}

export function readProposal(input: Reader, scope: Scope): Proposal {
  return { ballot: readBallot(input), configuration: readConfiguration(input, scope) };
}

const VOTE_RULES: Rules<Vote> = {
  promised: {
    code: 0,
    write(out, vote, scope) {
      writeOptional(out, vote.accepted, writeProposal, scope);
      out.varint(vote.watermark);
      out.bool(vote.restored);
    },
    read: (input, scope) => ({
      type: 'promised',
      accepted: readOptional(input, readProposal, scope),
      watermark: input.varint(),
      restored: input.bool(),
    }),
  },
  accepted: { code: 1, write: () => undefined, read: () => ({ type: 'accepted' }) },
  outbid: {
    code: 2,
    write: (out, vote) => writeBallot(out, vote.promised),
    read: (input) => ({ type: 'outbid', promised: readBallot(input) }),
  },
  elsewhere: {
    code: 3,
    write: (out, vote, scope) => writeConfiguration(out, vote.configuration, scope),
    read: (input, scope) => ({ type: 'elsewhere', configuration: readConfiguration(input, scope) }),
  },
  unknown: { code: 4, write: () => undefined, read: () => ({ type: 'unknown' }) },
};

export const VOTES: Schema<Vote> = new Schema(VOTE_RULES);

function writeVoter(out: Writer, voter: Voter, scope: Scope): void {
  writeContact(out, voter.contact, scope);
  out.varint(voter.birth);
}

function readVoter(input: Reader, scope: Scope): Voter {
  return { contact: readContact(input, scope), birth: input.varint() };
}
