// Exposure: whether a socket that listens can be reached by others than this machine, and what they may do
// there. It owns the sentence; who is told, and when, is the socket's.
import { type Address, showAddress } from './address.ts';
import { isLoopback } from './lan-address.ts';
import type { SocketConfig } from './options.ts';

/**
 * What to warn of, or undefined where only this machine reaches the address, where a secret is asked for, or
 * where the bytes do not travel over the network of the host at all.
 */
export function exposureOf(
  { secrets, protocol, transport }: Pick<SocketConfig, 'secrets' | 'protocol' | 'transport'>,
  address: Address,
): string | undefined {
  if (secrets.length > 0 || transport !== undefined || isLoopback(address.host)) return undefined;
  const who =
    protocol.encryption === 'SSL'
      ? 'everybody who reaches it may read, write and join'
      : 'everybody who reaches it, or is on the way, may read, write and join';
  return `listens on ${showAddress(address)} without a secret: ${who}`;
}
