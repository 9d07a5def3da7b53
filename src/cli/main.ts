#!/usr/bin/env node
// The executable `chord`: runs the command line and nothing else.
import { runProgram } from './program.ts';

await runProgram(process.argv);
