// What the executable `chord` (bin/chord.mjs) starts: runs the command line and nothing else.
import { runProgram } from './program.ts';

await runProgram(process.argv);
