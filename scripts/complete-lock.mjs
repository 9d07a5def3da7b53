// Completes package-lock.json after an install from a mirror that lacks packages for other platforms: npm
// leaves those out of the lock without a word, and `npm ci` then refuses it. The added entries have no hash,
// because their content could not be seen; an install from a full registry may add it.

import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];
const EXACT_VERSION = /^\d+\.\d+\.\d+$/;

const file = new URL('../package-lock.json', import.meta.url);

function main() {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = Object.entries(lock.packages).flatMap(([path, owner]) =>
    missingOf(lock.packages, path, owner),
  );
  for (const [path, entry] of missing) packages[path] = entry;
  const sorted = Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} entries added`);
}

/** Entries for the optional packages of `owner` that the lock lacks and whose name says the platform. */
function missingOf(packages, ownerPath, owner) {
  const wanted = Object.entries(owner.optionalDependencies ?? {});
  const isHeld = (name) =>
    `node_modules/${name}` in packages || `${ownerPath}/node_modules/${name}` in packages;
  const held = wanted.find(([name]) => isHeld(name))?.[0];
  const sibling = packages[`node_modules/${held}`] ?? {};
  return wanted.flatMap(([name, version]) => {
    const platform = platformOf(name);
    if (isHeld(name) || platform === undefined || !EXACT_VERSION.test(version)) return [];
    const { license, engines } = sibling;
    const entry = { version, cpu: [platform.cpu] };
    if (owner.dev) entry.dev = true;
    if (platform.libc) entry.libc = [platform.libc];
    if (license) entry.license = license;
    Object.assign(entry, { optional: true, os: [platform.os] }, engines ? { engines } : {});
    return [[`node_modules/${name}`, entry]];
  });
}

/** `@scope/binding-linux-x64-musl` is for linux, x64 and musl. */
function platformOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  if (os !== 'linux') return { os, cpu };
  if (words.some((word) => word.startsWith('musl'))) return { os, cpu, libc: 'musl' };
  return words.some((word) => word.startsWith('gnu')) ? { os, cpu, libc: 'glibc' } : { os, cpu };
}

main();
