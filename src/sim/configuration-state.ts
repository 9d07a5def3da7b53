// ConfigurationState: what the enumeration of decisions keeps of members, attempts and network, and the texts
// by which two states are the same. It owns the words; what may happen is in configuration-model.ts.
import type { Configuration, Proposal, Register } from '../core/configuration.ts';
import type { Contact } from '../core/contact.ts';
import type { Decision } from '../core/decision.ts';
import type { Vote } from '../core/register.ts';

export interface MemberState {
  readonly up: boolean;
  readonly birth: number;
  /** By position. */
  readonly registers: readonly (Register | undefined)[];
  /** As bits. */
  readonly writes: number;
}

export interface AttemptState {
  /** Undefined before it begins. */
  readonly base: Configuration | undefined;
  /** As bits. */
  readonly positions: number;
  /** Undefined when it is over. */
  readonly decision: Decision | undefined;
  /** What its second phase asks to accept. */
  readonly accept: Configuration | undefined;
  /** By position, as bits: who has accepted. */
  readonly accepted: readonly number[];
}

export interface WriteState {
  readonly base: Configuration | undefined;
  /** As bits: who stored it while it served that base. */
  readonly stored: number;
}

export interface SharedState {
  readonly writes: readonly WriteState[];
  /** By position: what some proposer knows to be decided. */
  readonly decided: readonly (readonly Configuration[])[];
  readonly crashes: number;
  readonly restarts: number;
}

export interface GlobalState {
  readonly members: readonly MemberState[];
  readonly attempts: readonly AttemptState[];
  readonly shared: SharedState;
}

export const FRESH_ATTEMPT: AttemptState = {
  base: undefined,
  positions: 0,
  decision: undefined,
  accept: undefined,
  accepted: [0, 0],
};

const NAMES = 'abcdefgh';

export function nameOf(member: number): string {
  return NAMES.charAt(member);
}

export function memberOf(id: string): number {
  return NAMES.indexOf(id);
}

export function contactOf(member: number): Contact {
  const publicKey = new Uint8Array(0);
  return { id: nameOf(member), publicKey, salt: 0, position: member, incarnation: 1, host: '', port: 1 };
}

/** Two configurations are the same exactly when their texts are. */
export function textOf({ epoch, members }: Configuration): string {
  const voters = members.map(({ contact, birth }) => contact.id + (birth === 1 ? '' : `${birth}`));
  return `${epoch}:${voters.join('')}`;
}

export function voteText(vote: Vote): string {
  switch (vote.type) {
    case 'promised':
      return `promised ${proposalText(vote.accepted)}`;
    case 'outbid':
      return `outbid ${vote.promised.round}${vote.promised.id}`;
    case 'elsewhere':
      return `elsewhere ${textOf(vote.configuration)}`;
    default:
      return vote.type;
  }
}

export function memberText({ up, birth, registers, writes }: MemberState): string {
  return up ? `${birth} ${writes} ${registers.map(registerText).join(' ')}` : 'down';
}

export function attemptText({ base, positions, decision, accept, accepted }: AttemptState): string {
  if (base === undefined) return '';
  const asked = accept === undefined ? '' : `${textOf(accept)} ${accepted.join(' ')}`;
  return `${textOf(base)} ${positions} ${asked} ${decisionText(decision)}`;
}

export function sharedText({ writes, decided, crashes, restarts }: SharedState): string {
  const stored = writes.map((write) =>
    write.base === undefined ? '' : `${textOf(write.base)} ${write.stored}`,
  );
  const known = decided.map((configurations) => configurations.map(textOf).join(' '));
  return `${stored.join('/')} ${known.join('/')} ${crashes} ${restarts}`;
}

function registerText(register: Register | undefined): string {
  if (register === undefined) return '-';
  const { configuration, promised, accepted } = register;
  const ballot = promised === undefined ? '' : `${promised.round}${promised.id}`;
  return `${textOf(configuration)}/${ballot}/${proposalText(accepted)}`;
}

function proposalText(proposal: Proposal | undefined): string {
  if (proposal === undefined) return '';
  return `${proposal.ballot.round}${proposal.ballot.id}>${textOf(proposal.configuration)}`;
}

/** Only what can still make a difference in the phase. */
function decisionText(decision: Decision | undefined): string {
  if (decision === undefined) return 'over';
  const { phase, promised, accepted, found, proposed } = decision;
  const outcome = `${phase} ${textOf(proposed)} ${proposalText(found[0])}`;
  if (phase === 'storing') return outcome;
  return `${outcome} ${idsText(phase === 'accepting' ? accepted[0] : promised[0])}`;
}

function idsText(ids: ReadonlySet<string> | undefined): string {
  return [...(ids ?? [])].toSorted().join('');
}

export function itemOf<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
}

export function replaced<T>(list: readonly T[], index: number, item: T): T[] {
  return list.map((other, i) => (i === index ? item : other));
}

export function bitsOf(mask: number): number[] {
  const bits: number[] = [];
  for (let i = 0; mask >> i > 0; i++) if ((mask & (1 << i)) !== 0) bits.push(i);
  return bits;
}

export function bitCount(mask: number): number {
  return bitsOf(mask).length;
}

export function subsetsOf(list: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, i) => subsetsOf(list.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}
