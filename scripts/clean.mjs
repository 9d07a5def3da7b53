// Removes what the build and the tests write, so that the next build starts from nothing.

import { rmSync } from 'node:fs';

for (const folder of ['dist', 'coverage']) {
  rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
}
