// `npm test`: sets up whatever is missing, then checks everything. With arguments (files, options of vitest) only tests
// run. The last line sums up: `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './lib/bootstrap.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { run } from './lib/run.mjs';

const CHECKS = [
  ['Formatting', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['Lint', 'eslint', ['.', '--max-warnings', '0']],
  ['Types', 'tsc', ['-p', 'tsconfig.json']],
  ['Layers', 'depcruise', ['backend', 'contract', '--config', '.dependency-cruiser.cjs']],
];

const args = process.argv.slice(2);
await bootstrap();
await ensureChromium();
await ensureRedis();

const total = { passed: 0, failed: 0, skipped: 0 };
// Beside each other: one of them alone leaves a core idle.
if (args.length === 0) await Promise.all(CHECKS.map(runCheck));
await runTests();
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);

async function runCheck([name, program, programArgs]) {
  const startedMs = performance.now();
  const { code, output } = await run(`node_modules/.bin/${program}`, programArgs);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (code === 0) total.passed += 1;
  else {
    total.failed += 1;
    console.log(output);
  }
}

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-report-'));
  const report = join(folder, 'report.json');
  const { code } = await run(
    'node_modules/.bin/vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    { show: true },
  );
  const counted = readCounts(report);
  rmSync(folder, { recursive: true, force: true });
  total.passed += counted.passed;
  total.skipped += counted.skipped;
  // A run that broke without a failed test (a file that cannot be loaded, an unhandled error) has failed all the same.
  total.failed += counted.failed === 0 && code !== 0 ? 1 : counted.failed;
}

function readCounts(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
