// Swarm runs side by side: seeds are dealt to worker threads, and results come in the order of the seeds, so
// that what is printed does not depend on how many workers there are.
import { on } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { SwarmResult, SwarmSettings } from '../sim/index.ts';
import { runSwarm } from '../sim/index.ts';

export interface SwarmTask {
  readonly seed: number;
  readonly minutes: number;
  readonly settings: SwarmSettings;
}

/** Runs the tasks with that many workers; with one, in this thread. Its workers end with it. */
export async function* runTasks(tasks: readonly SwarmTask[], jobs: number): AsyncGenerator<SwarmResult> {
  if (jobs === 1) yield* runHere(tasks);
  else yield* runInWorkers(tasks, Math.min(jobs, tasks.length));
}

async function* runHere(tasks: readonly SwarmTask[]): AsyncGenerator<SwarmResult> {
  for (const { seed, minutes, settings } of tasks) {
    yield runSwarm(seed, minutes, settings);
    // A signal is seen between two seeds.
    await nextTurn();
  }
}

async function* runInWorkers(tasks: readonly SwarmTask[], jobs: number): AsyncGenerator<SwarmResult> {
  const workers = Array.from({ length: jobs }, () => new Worker(new URL('sim-worker.js', import.meta.url)));
  // Each has its own share from the beginning, and keeps what it has done until it is asked for.
  const done = workers.map((worker) => on(worker, 'message'));
  try {
    for (const [i, task] of tasks.entries()) workers[i % jobs]?.postMessage(task, []);
    for (let i = 0; i < tasks.length; i++) {
      const next = (await done[i % jobs]?.next()) as IteratorYieldResult<[SwarmResult]>;
      yield next.value[0];
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
