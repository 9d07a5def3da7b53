// Tests import the sources directly, so they need no build; those that run the built package build it first.

import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Separate processes, because tests open sockets and stores; two of them, so that timings stay honest on
    // small machines.
    pool: 'forks',
    maxWorkers: 2,
    // Only so that nothing hangs: a busy machine takes its time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});

export default config;
