// What a watch has to have told of what was written: every acknowledged change once and in the order of
// versions, or a gap that covers it. Knows nothing of who told it.

/** One event of a watch. */
export interface Told {
  readonly type: string;
  readonly key: string;
  readonly value: string | undefined;
  readonly version: string;
  readonly toldAt: number;
}

/** A write; `version` once it is acknowledged. */
export interface Wrote {
  readonly key: string;
  /** Undefined for a deletion. */
  readonly value: string | undefined;
  readonly invokedAt: number;
  version: string | undefined;
}

export interface Evidence {
  /** What is watched. */
  readonly keys: readonly string[];
  readonly told: readonly Told[];
  /** After the watch was ready. */
  readonly wrote: readonly Wrote[];
  readonly since: number;
  /** Whether there may be gaps at all. */
  readonly mayMiss: boolean;
  /** Whether a write may have been carried out on two sides of a cut, and be told of with each version. */
  readonly mayRepeat: boolean;
}

/** What is wrong; at most a few of each kind. */
export function judge(evidence: Evidence): string[] {
  const { told, mayMiss } = evidence;
  const gaps = told.filter(({ type }) => type === 'gap');
  const problems = [...missing(evidence, gaps), ...twice(told), ...unordered(told), ...invented(evidence)];
  if (!mayMiss) problems.push(...gaps.map(({ toldAt }) => `a gap at ${toldAt}, though nobody was lost`));
  return problems.slice(0, 10);
}

/** Whether several watches tell the same of a key, in the same order, as they do where nothing is missing. */
export function disagreements(key: string, readers: readonly Pick<Evidence, 'told'>[]): string[] {
  const [first, ...others] = readers.map(({ told }) =>
    told.filter((event) => event.key === key).map(({ type, version }) => `${type} ${version}`),
  );
  return others.flatMap((told) => {
    const odd = told.findIndex((event, i) => event !== first?.[i]);
    const i = odd === -1 && told.length < (first?.length ?? 0) ? told.length : odd;
    return i === -1 ? [] : [`of ${key}, ${told[i]} is told by one, ${first?.[i]} by another`];
  });
}

/** A gap covers what was written before it was told, behind its version. */
function missing({ keys, told, wrote, since }: Evidence, gaps: readonly Told[]): string[] {
  const versions = new Set(told.map(nameOf));
  const owed = wrote.filter(({ key, version, invokedAt }) => {
    if (version === undefined || !keys.includes(key) || invokedAt < since) return false;
    if (versions.has(`${key} ${version}`)) return false;
    return !gaps.some((gap) => gap.version <= version && gap.toldAt >= invokedAt);
  });
  return owed.map(
    ({ key, value, version, invokedAt }) =>
      `never told: ${key} = ${value ?? 'deleted'} at ${version}, written at ${invokedAt}`,
  );
}

function twice(told: readonly Told[]): string[] {
  const seen = new Set<string>();
  return told.flatMap((event) => {
    if (event.type === 'gap') return [];
    if (seen.has(nameOf(event))) return [`told twice: ${nameOf(event)}, again at ${event.toldAt}`];
    seen.add(nameOf(event));
    return [];
  });
}

function unordered(told: readonly Told[]): string[] {
  const last = new Map<string, string>();
  return told.flatMap(({ type, key, version, toldAt }) => {
    if (type === 'gap') return [];
    const before = last.get(key) ?? '';
    last.set(key, version);
    return version > before ? [] : [`${key}: ${version} told behind ${before} at ${toldAt}`];
  });
}

/** What is told was written, with that value; an end by time is nobody's write. */
function invented({ keys, told, wrote, mayRepeat }: Evidence): string[] {
  const byVersion = new Map(wrote.map((one) => [`${one.key} ${one.version}`, one]));
  return told.flatMap((event) => {
    const { type, key, value, version, toldAt } = event;
    if (type === 'gap' || type === 'expire') return [];
    const known = byVersion.get(`${key} ${version}`);
    const isRight =
      known === undefined
        ? wrote.some((one) => {
            const isOpen = one.version === undefined || mayRepeat;
            return isOpen && one.key === key && one.value === value;
          })
        : known.value === value;
    return isRight && keys.includes(key) ? [] : [`invented: ${type} ${key} ${value} ${version} at ${toldAt}`];
  });
}

function nameOf({ key, version }: Told): string {
  return `${key} ${version}`;
}
