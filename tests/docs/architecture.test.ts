// ARCHITECTURE's code map, against the files that there are: each file of these folders is named in its
// folder's section, and what is named there exists.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/ARCHITECTURE.md', ROOT), 'utf8');
const FOLDERS = ['core', 'wire', 'node', 'storage', 'transport', 'sim'] as const;

/** The file names that the section of a folder has, as `arc-map.ts`. */
function namesIn(document: string, folder: string): string[] {
  const [, section = ''] = new RegExp(`^### \`src/${folder}\`(.*?)^##`, 'ms').exec(document) ?? [];
  return [...section.matchAll(/`([\w-]+\.ts)`/g)].map(([, name = '']) => name);
}

function filesIn(folder: string): string[] {
  return readdirSync(new URL(`src/${folder}`, ROOT)).filter((name) => name.endsWith('.ts'));
}

describe.each(FOLDERS)('the code map of src/%s', (folder) => {
  it('names every file', () => {
    const named = namesIn(text, folder);
    expect(filesIn(folder).filter((name) => !named.includes(name))).toEqual([]);
  });

  it('names no file that is gone', () => {
    const files = filesIn(folder);
    expect(namesIn(text, folder).filter((name) => !files.includes(name))).toEqual([]);
  });
});

it('finds a file that is not named', () => {
  const without = text.replace('`arc-map.ts`', 'arcs');
  expect(namesIn(without, 'core')).not.toContain('arc-map.ts');
  expect(namesIn(text, 'core')).toContain('arc-map.ts');
});
