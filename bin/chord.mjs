#!/usr/bin/env node
// The command `chord`. It starts what the build made and says so where nothing is built yet: npm links a
// command only if its file is there, so this one is tracked and what it starts is not.
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('chord-socket is not built yet; build it first: npm run build');
  process.exitCode = 1;
}
