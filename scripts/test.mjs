// `npm test`: build, lint, format check, then every test; arguments go to vitest. All steps run even when one
// fails, so that one run shows everything. The last line is `N passed, N failed`; a failed step counts as one
// failure, and so does a run without tests, because silence is not success.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function main() {
  const failures = [];
  const steps = [
    { name: 'build', program: 'node_modules/typescript/bin/tsc', options: ['-b'] },
    { name: 'lint', program: 'node_modules/oxlint/bin/oxlint', options: ['--type-aware', '--deny-warnings'] },
    { name: 'format check', program: 'node_modules/@biomejs/biome/bin/biome', options: ['format'] },
  ];
  for (const { name, program, options } of steps) {
    if (run(name, program, options) !== 0) failures.push(`${name} failed`);
  }
  const tests = runTests(process.argv.slice(2));
  const failed = failures.length + tests.failed;
  for (const failure of [...failures, ...tests.notes]) console.log(`FAILED: ${failure}`);
  console.log(`${tests.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/**
 * Runs a program under the root with this Node, its output straight to the terminal.
 * @param {string} name @param {string} program @param {string[]} options
 */
function run(name, program, options) {
  console.log(`> ${name}`);
  const path = join(root, program);
  const result = spawnSync(process.execPath, [path, ...options], { cwd: root, stdio: 'inherit' });
  if (result.error) console.log(result.error.message);
  return result.status ?? 1;
}

function runTests(options) {
  const folder = mkdtempSync(join(tmpdir(), 'chord-socket-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = run('test', 'node_modules/vitest/vitest.mjs', ['run', ...reporters, ...options]);
    return count(readReport(report), status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run that dies before it reports is a run with no tests in it. */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}

function count(report, status) {
  const passed = report.numPassedTests;
  const notes = [];
  for (const file of report.testResults) {
    // A file that cannot be loaded has no failed test to count.
    const hasFailedTest = file.assertionResults.some((result) => result.status === 'failed');
    if (file.status === 'failed' && !hasFailedTest) notes.push(`${file.name} could not be run`);
  }
  if (passed + report.numFailedTests === 0) notes.push('no test ran');
  const failed = report.numFailedTests + notes.length;
  // Unhandled errors fail vitest without failing any test.
  if (status !== 0 && failed === 0) notes.push(`vitest ended with ${status} although no test failed`);
  return { passed, failed: report.numFailedTests + notes.length, notes };
}

main();
