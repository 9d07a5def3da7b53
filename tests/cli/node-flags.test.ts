// The flags of `chord node`: which options of a socket they stand for, from the command line and from the
// environment alike.
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addNodeFlags, type NodeFlags, nodeOptions } from '../../src/cli/node-flags.ts';
import { parseSocketConfig } from '../../src/node/options.ts';
import { chord } from '../../src/index.ts';

afterEach(() => vi.unstubAllEnvs());

function optionsOf(...args: string[]): ReturnType<typeof nodeOptions> {
  const command = addNodeFlags(new Command('node')).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.parse(['--listen', '127.0.0.1:0', ...args], { from: 'user' });
  return nodeOptions(command.opts<NodeFlags>());
}

function configOf(...args: string[]): ReturnType<typeof parseSocketConfig> {
  return parseSocketConfig('127.0.0.1', 0, optionsOf(...args), chord.defaultProtocol);
}

describe('the flags of a node', () => {
  it('leave to the library what is not given', () => {
    const standard = parseSocketConfig('127.0.0.1', 0, {}, chord.defaultProtocol);
    const { onQuorumLost, limits, clockSkewMaxMs, replicas } = configOf();
    expect({ onQuorumLost, limits, clockSkewMaxMs, replicas }).toEqual({
      onQuorumLost: standard.onQuorumLost,
      limits: standard.limits,
      clockSkewMaxMs: standard.clockSkewMaxMs,
      replicas: standard.replicas,
    });
  });

  it('set what a ring does without a quorum, its limits and its patience with clocks', () => {
    const config = configOf(
      '--on-quorum-lost=refuse',
      '--value-bytes=4194304',
      '--store-bytes=8388608',
      '--clock-skew=5000',
    );
    expect(config).toMatchObject({
      onQuorumLost: 'refuse',
      limits: { valueBytes: 4_194_304, storeBytes: 8_388_608 },
      clockSkewMaxMs: 5_000,
    });
  });

  it('can be set in the environment', () => {
    vi.stubEnv('CHORD_ON_QUORUM_LOST', 'refuse');
    vi.stubEnv('CHORD_VALUE_BYTES', '2097152');
    vi.stubEnv('CHORD_STORE_BYTES', '2097152');
    vi.stubEnv('CHORD_CLOCK_SKEW', '1000');
    expect(configOf()).toMatchObject({
      onQuorumLost: 'refuse',
      limits: { valueBytes: 2_097_152, storeBytes: 2_097_152 },
      clockSkewMaxMs: 1_000,
    });
  });

  it.each([
    ['--on-quorum-lost', 'wait'],
    ['--value-bytes', '1MiB'],
    ['--store-bytes', '0'],
    ['--clock-skew', '-1'],
    ['--clock-skew', '2147483648'],
    ['--timeout', '2147483648'],
    ['--hand-over', '2147483648'],
  ])('refuse %s %s', (name, value) => {
    expect(() => optionsOf(name, value)).toThrow(/invalid/);
  });

  it.each(['--clock-skew', '--timeout', '--hand-over'])('take what a timer holds for %s', (name) => {
    expect(() => optionsOf(name, '2147483647')).not.toThrow();
  });

  it('are held to the ranges of the library', () => {
    expect(() => configOf('--value-bytes', '67108865')).toThrow(/limits.valueBytes .* to 67108864/);
  });
});
