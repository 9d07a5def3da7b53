// What a member of `chord bench --processes` runs: the command line, until the benchmark is gone. Nobody
// writes to its standard input; the system closes it with the benchmark, however that ends.
import { runProgram } from './program.ts';

// Waiting for it must not keep a member that has failed.
process.stdin.resume().unref();
process.stdin.once('close', () => process.exit());

await runProgram(process.argv);
