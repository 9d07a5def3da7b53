// One of several workers of `chord sim --jobs`: runs the seeds that it is given, one after another.
import { parentPort } from 'node:worker_threads';
import { runSwarm } from '../sim/index.ts';
import type { SwarmTask } from './sim-jobs.ts';

parentPort?.on('message', ({ seed, minutes, settings }: SwarmTask) => {
  parentPort?.postMessage(runSwarm(seed, minutes, settings), []);
});
