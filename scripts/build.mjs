// `npm run build`: compiles everything, and makes the command line executable. npm does that itself when it
// links a command for the first time, but not after a clean build, and then `npx chord` would end with
// "Permission denied".

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}/node_modules/typescript/bin/tsc`;
const commandLine = `${root}/dist/src/cli/main.js`;

const { status } = spawnSync(process.execPath, [compiler, '-b'], { cwd: root, stdio: 'inherit' });
if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
process.exitCode = status ?? 1;
