// Address: host and port as users write them, and as they are shown.
// It owns parsing and its complaints; it resolves no names.

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads ('10.0.0.1', 4444), ('::1', 4444), '10.0.0.1:4444' or '[::1]:4444'.
 * Throws TypeError for a wrong type or form, RangeError for a port outside 1..65535.
 */
export function parseAddress(host: unknown, port?: unknown): Address {
  if (typeof host !== 'string' || host === '') {
    throw new TypeError(`the address must be a host name or an IP address, got ${show(host)}`);
  }
  if (port !== undefined) return { host: unbracket(host), port: parsePort(port, 1, 'port') };
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(host);
  const name = parts?.[1] ?? parts?.[2];
  if (name === undefined) {
    throw new TypeError(`expected 'host:port' or '[ipv6]:port' where no port is given apart, got '${host}'`);
  }
  return { host: name, port: parsePort(Number(parts?.[3]), 1, 'port') };
}

/** Throws TypeError unless it is a number, RangeError unless it is an integer in [least, 65535]. */
export function parsePort(port: unknown, least: 0 | 1, name: string): number {
  if (typeof port !== 'number') throw new TypeError(`${name} must be a number, got ${show(port)}`);
  if (!Number.isInteger(port) || port < least || port > 65_535) {
    throw new RangeError(`${name} must be an integer from ${least} to 65535, got ${port}`);
  }
  return port;
}

/** 'host:port', with brackets round an IPv6 address. */
export function showAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv6 address without the brackets that it wears in URLs. */
export function unbracket(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : value === null ? 'null' : typeof value;
}
