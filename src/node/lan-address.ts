// LAN address: which address to announce, also when a node listens on every interface.
// It owns the choice only; whether others can reach the address is found out by the dial-back of a join.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Address } from './address.ts';

type Interfaces = Readonly<Record<string, NetworkInterfaceInfo[] | undefined>>;

/** Addresses that mean "every interface" and that nobody can dial. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

export function isWildcard(host: string): boolean {
  return WILDCARDS.has(host);
}

/**
 * The first IPv4 address that is not internal, else 127.0.0.1: a machine without a network still has
 * itself.
 */
export function lanAddress(interfaces: Interfaces = networkInterfaces()): string {
  for (const addresses of Object.values(interfaces)) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found !== undefined) return found.address;
  }
  return '127.0.0.1';
}

/** The address that was configured, or the one that is listened on with a host that others can dial. */
export function announced(
  { host, outAddr }: { readonly host: string; readonly outAddr?: readonly [string, number] | undefined },
  port: number,
): Address {
  if (outAddr !== undefined) return { host: outAddr[0], port: outAddr[1] };
  return { host: isWildcard(host) ? lanAddress() : host, port };
}
