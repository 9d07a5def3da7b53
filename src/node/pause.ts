// pause: waits that end, whatever they wait for does. It owns nothing but its timers, which it always clears.
import { ChordError } from './errors.ts';

/** Resolves after so many milliseconds, which may be Infinity, or once the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = ms === Infinity ? undefined : setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Resolves once the work is over, however it ends, to whether it is; or as pause() does. */
export async function settled(work: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const done = work.catch(() => {}).finally(() => over.abort());
  const signals = signal === undefined ? [over.signal] : [over.signal, signal];
  await Promise.race([done, pause(ms, AbortSignal.any(signals))]);
  return over.signal.aborted;
}

/**
 * What the work resolves to, or rejects with; it goes on where it is not waited for any more. Rejects with
 * ERR_TIMEOUT, with `doing` in its sentence, or with `signal.reason`.
 */
export async function within<Result>(
  work: Promise<Result>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  doing: string,
): Promise<Result> {
  if (await settled(work, timeoutMs, signal)) return work;
  signal.throwIfAborted();
  throw new ChordError('ERR_TIMEOUT', `${doing} was not done within ${timeoutMs} ms`);
}
