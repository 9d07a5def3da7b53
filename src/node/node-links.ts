// The links of a node: made of its configuration, its identity and its machine. It owns only how these map to
// the options of links.
import type { Machine } from '../core/machine.ts';
import type { Identity } from './identity.ts';
import { type LinkEvents, Links } from './links.ts';
import type { SocketConfig } from './options.ts';
import { chooseTransport } from './transport-choice.ts';

export async function makeLinks(
  config: SocketConfig,
  identity: Identity,
  machine: Machine,
  events: LinkEvents,
): Promise<Links> {
  const { k, protocol, secrets, limits, clockSkewMaxMs } = config;
  const given = config.transport;
  return new Links({
    identity,
    protocol,
    k,
    transport: given ?? (await chooseTransport(protocol.encryption, identity, limits)),
    secrets,
    limits,
    timings: { clockSkewMaxMs },
    wallMs: () => Math.round(performance.now() + machine.health().wallOffsetMs),
    hello: () => {
      const { self, member, seeksHome } = machine;
      return { ...self, member, seeksHome };
    },
    tables: () => machine.tables(),
    events,
  });
}
