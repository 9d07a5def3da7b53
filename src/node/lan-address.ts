// LAN address: which address to announce, also when a node listens on every interface.
// It owns the choice only; whether others can reach the address is found out by the dial-back of a join.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Address } from './address.ts';

type Interfaces = Readonly<Record<string, NetworkInterfaceInfo[] | undefined>>;

/** Addresses that mean "every interface" and that nobody can dial. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

const LOOPBACK = '127.0.0.1';

export function isWildcard(host: string): boolean {
  return WILDCARDS.has(host);
}

/** Whether nobody but this machine can dial it. A name that is not known to be one may be any address. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^(?:127(?:\.\d{1,3}){3}|(?:.+\.)?localhost)$/i.test(host);
}

/**
 * What a node that listens on this wildcard can be dialled at: the first IPv4 address that is not internal;
 * on '::', where there is none, the first such IPv6 address; else 127.0.0.1, because a machine without a
 * network still has itself. '0.0.0.0' is IPv4 only, so that an IPv6 address would promise too much.
 */
export function lanAddress(wildcard: string, interfaces: Interfaces = networkInterfaces()): string {
  const addresses = Object.values(interfaces).flatMap((list) => list ?? []);
  const outside = addresses.filter(({ internal }) => !internal);
  const four = outside.find(({ family }) => family === 'IPv4');
  if (four !== undefined || !wildcard.includes(':')) return four?.address ?? LOOPBACK;
  return (
    outside.find(({ address, family }) => family === 'IPv6' && !isLinkLocal(address))?.address ?? LOOPBACK
  );
}

/** fe80::/10, which means nothing on another machine, and nothing without an interface on this one. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

/** The address that was configured, or the one that is listened on with a host that others can dial. */
export function announced(
  { host, outAddr }: { readonly host: string; readonly outAddr?: readonly [string, number] | undefined },
  port: number,
): Address {
  if (outAddr !== undefined) return { host: outAddr[0], port: outAddr[1] };
  return { host: isWildcard(host) ? lanAddress(host) : host, port };
}
