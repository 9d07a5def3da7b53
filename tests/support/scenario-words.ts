// Words of a scenario's output: messages and neighbourhoods as a reader of the ring would put them. Members
// are named by their positions, nodes by their names.
import type { Contact } from '../../src/core/contact.ts';
import type { Message, Neighbourhood, Reply, Request } from '../../src/core/message.ts';
import type { Arc } from '../../src/core/position.ts';

/** What ring maintenance says: what `trace ring` shows. */
export const RING_MESSAGES: readonly string[] = [
  'neighbourhood',
  'neighbourhood-is',
  'notify',
  'notified',
  'introduce',
  'leave',
  'check',
  'checked',
  'dial-back',
  'dialled-back',
];

export function neighbourhoodInWords({ predecessor, successors }: Neighbourhood): string {
  return `predecessor ${predecessor?.position ?? 'unknown'}, list ${positions(successors)}`;
}

export function messageInWords({ direction, body }: Message): string {
  const details = direction === 'request' ? requestDetails(body) : replyDetails(body);
  return details === '' ? body.type : `${body.type} ${details}`;
}

function requestDetails(request: Request): string {
  switch (request.type) {
    case 'neighbourhood':
      return `of ${request.position}`;
    case 'notify':
      return `${request.self.position}`;
    case 'introduce':
      return request.contacts.length === 0 ? 'itself' : positions(request.contacts);
    case 'leave':
      return `of ${request.self.position} with ${neighbourhoodInWords(request.neighbourhood)}`;
    case 'check':
      return `${request.suspect.position}`;
    case 'announce':
      return request.member ? `member at ${request.self.position}` : 'client';
    case 'find':
      return `${request.position}`;
    case 'operate':
      return `${request.operation.type} ${request.key}`;
    case 'prepare':
    case 'accept':
    case 'replicate':
      return `${arc(request.arc)} epoch ${request.base.epoch}`;
    case 'install':
      return `${arc(request.arc)} epoch ${request.configuration.epoch}`;
    case 'inspect':
    case 'digest':
    case 'offer':
      return arc(request.arc);
    default:
      return '';
  }
}

function replyDetails(reply: Reply): string {
  switch (reply.type) {
    case 'neighbourhood-is':
      if (reply.state === 'changed') return changesInWords(reply);
      return reply.state === 'full' ? neighbourhoodInWords(reply.neighbourhood) : reply.state;
    case 'notified':
      return notifiedDetails(reply);
    case 'checked':
      return reply.alive ? 'alive' : 'silent';
    case 'dialled-back':
      return reply.reached ? 'reached' : 'not reached';
    case 'found':
      return `${reply.owner ? 'owner' : 'nearer'} ${positions(reply.contacts)}`;
    case 'redirect':
      return `${reply.owner ? 'owner' : 'nearer'} ${positions(reply.contacts)}`;
    case 'operated':
      return reply.result.type;
    case 'voted':
      return reply.votes.map(({ vote }) => vote.type).join(' ');
    case 'replicated':
    case 'offered':
      return reply.outcome;
    case 'failed':
      return reply.code;
    default:
      return '';
  }
}

/** What is new; of what remains, the places in the list as it was known. */
function changesInWords({ kept, neighbourhood }: Reply & { type: 'neighbourhood-is' }): string {
  const bits = kept.toString(2).split('').toReversed();
  const places = bits.flatMap((bit, i) => (bit === '1' && i > 0 ? [i] : []));
  const { predecessor, successors } = neighbourhood;
  const before = bits[0] === '1' ? 'kept' : (predecessor?.position ?? 'unknown');
  const remain = places.join(' ') || 'none';
  return `changed: predecessor ${before}, list keeps ${remain}, new ${positions(successors)}`;
}

function notifiedDetails(reply: Reply & { type: 'notified' }): string {
  const former = reply.predecessor === undefined ? '' : `, predecessor was ${reply.predecessor.position}`;
  const list = reply.successors.length === 0 ? '' : `, list ${positions(reply.successors)}`;
  return `${reply.outcome}${former}${list}`;
}

export function positions(contacts: readonly Contact[]): string {
  return contacts.length === 0 ? 'empty' : contacts.map((contact) => contact.position).join(' ');
}

function arc({ from, to }: Arc): string {
  return `(${from}, ${to}]`;
}
