// pause: waits that an AbortSignal ends early. It owns nothing but its timers, which it always clears.

/** Resolves after so many milliseconds, or once the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Resolves once the work is over, however it ends; or as pause() does. */
export async function settled(work: Promise<unknown>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const done = work.catch(() => {}).finally(() => over.abort());
  await Promise.race([done, pause(ms, AbortSignal.any([over.signal, signal]))]);
}
