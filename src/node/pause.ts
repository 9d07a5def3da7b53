// pause: waits that end, whatever they wait for does. It owns nothing but its timers and listeners, which it
// always takes away. AbortSignal.any would not do: on Node 20 it leaves a reference in each signal that it is
// given, for as long as that lives, and that of a node lives as long as its process.
import { ChordError } from './errors.ts';

type Signals = readonly (AbortSignal | undefined)[];

/** Resolves after so many milliseconds, which may be Infinity, or once one of the signals aborts. */
export function pause(ms: number, ...signals: Signals): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal?.aborted)) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = ms === Infinity ? undefined : setTimeout(done, ms);
    for (const signal of signals) signal?.addEventListener('abort', done, { once: true });
  });
}

/** Resolves once the work is over, however it ends, to whether it is; or as pause() does. */
export async function settled(work: Promise<unknown>, ms: number, ...signals: Signals): Promise<boolean> {
  const over = new AbortController();
  const done = work.catch(() => {}).finally(() => over.abort());
  await Promise.race([done, pause(ms, over.signal, ...signals)]);
  return over.signal.aborted;
}

/**
 * What the work resolves to, or rejects with; it goes on where it is not waited for any more. Rejects with
 * ERR_TIMEOUT, with `doing` in its sentence, or with the reason of the signal that aborts.
 */
export async function within<Result>(
  work: Promise<Result>,
  timeoutMs: number,
  doing: string,
  ...signals: Signals
): Promise<Result> {
  if (await settled(work, timeoutMs, ...signals)) return work;
  for (const signal of signals) signal?.throwIfAborted();
  throw new ChordError('ERR_TIMEOUT', `${doing} was not done within ${timeoutMs} ms`);
}

/**
 * Does the work within the limits of a call, and until the node is closed: it gets one signal for both, which
 * aborts with the reason of the one that did.
 */
export async function untilClosed<Result>(
  closed: AbortSignal,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  work: (limits: { timeoutMs: number; signal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  const either = new AbortController();
  const abort = (): void => {
    const first = [signal, closed].find((one) => one?.aborted);
    if (first !== undefined) either.abort(first.reason);
  };
  abort();
  signal?.addEventListener('abort', abort, { once: true });
  closed.addEventListener('abort', abort, { once: true });
  try {
    return await work({ timeoutMs, signal: either.signal });
  } finally {
    signal?.removeEventListener('abort', abort);
    closed.removeEventListener('abort', abort);
  }
}
