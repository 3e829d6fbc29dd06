// `npm test`: sets up whatever is missing, then checks everything: the whole suite on Node 24, a quick part of it on the
// older versions that work as well, formatting, lint, types, layers. `npm test -- --quick` leaves out whatever takes
// long: all checks, and tests of each kind. With other arguments (files, options of vitest) only those tests run. At the
// end come the slowest files, and a last line that sums up: `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { resolve, join } from 'node:path';
import { tmpdir } from 'node:os';
import { bootstrap } from './lib/bootstrap.mjs';
import { CHECKS } from './lib/checks.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { describeSlowest, durationsOf, recordDurations } from './lib/durations.mjs';
import { ensureNode } from './lib/nodeRuntime.mjs';
import { ensurePython } from './lib/python.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { ensureObjectStore } from './lib/objectStore.mjs';
import { giveUp } from './lib/progress.mjs';
import { run } from './lib/run.mjs';

/** The oldest version that is supported, and the one between it and the one that serves. */
const OLDER_NODES = ['20.19', '22'];
/** Pure functions, a command over each entry point, and worker processes: they use internals that differ by version. */
const ON_OLDER_NODES = [
  'test/unit',
  'test/cluster/liveDelivery.test.ts',
  'test/cluster/nodeInternals.test.ts',
  'test/http/chats.test.ts',
  'test/socket/sendMessage.test.ts',
];
/** Some of each kind: together they and the checks take less than two minutes. */
const QUICK = [
  ...ON_OLDER_NODES,
  'test/contract',
  'test/app/chat.test.ts',
  'test/changes/edit.test.ts',
  'test/data/archive.test.ts',
  'test/data/splitNamed.test.ts',
  'test/faults/poison.test.ts',
  'test/groups/membership.test.ts',
  'test/legacy/order.test.ts',
  'test/limits/client.test.ts',
  'test/lists/ownState.test.ts',
  'test/peers/redis.test.ts',
  'test/receipts',
  'test/redis/sharedLogs.test.ts',
  'test/safety/privacy.test.ts',
  'test/search/search.test.ts',
  'test/services',
  'test/socket/sync.test.ts',
  'test/storm/checker',
];
/** Three servers under every kind of fault, with clients that send all the time. */
const STORM = 'test/storm/short.test.ts';
const SLOWEST_SHOWN = 10;

const isQuick = process.argv.includes('--quick');
const args = process.argv.slice(2).filter((one) => one !== '--quick');
const isEverything = args.length === 0;
const total = { passed: 0, failed: 0, skipped: 0 };
let durations = {};

await bootstrap();
// Beside the other installations: the first time, it takes minutes.
const objectStore = ensureObjectStore();
// Programs that tests and checks start find the code that Node has compiled before.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/node');
await ensureChromium();
await ensureRedis();
await Promise.all([objectStore, prepareDatabase()]);
// Without it, tests of the Python client and of schemathesis are skipped.
process.env.PARLEY_PYTHON ??= (await ensurePython()) ?? '';
const runSuite = (filters) => runTests(process.execPath, filters, { show: true });
if (!isEverything) await runSuite(isQuick ? [...QUICK, ...args] : args);
else if (isQuick) await Promise.all([runSuite(QUICK), runChecks()]);
else {
  const checks = runChecks();
  // Its clients send for as long as it lasts: beside other tests it takes four times as long, and that much more work.
  await runSuite([STORM]);
  await Promise.all([runSuite(['--exclude', STORM]), runOnOlderNodes(), checks]);
}
for (const line of describeSlowest(durations, SLOWEST_SHOWN)) console.log(line);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);

/** Builds the database of the tests, if there is none. */
async function prepareDatabase() {
  const { prepareEmbeddedDatabase } = await import('../dist/tools/embedded-database/index.js');
  try {
    await prepareEmbeddedDatabase((line) => console.log(`› ${line}`));
  } catch (error) {
    giveUp(error.message);
  }
}

/** One after the other, beside tests: these often wait, and leave a core to the checks. */
async function runChecks() {
  for (const check of CHECKS) await runCheck(check);
}

async function runOnOlderNodes() {
  for (const version of OLDER_NODES) await runOnOlderNode(version);
}

async function runCheck([name, programArgs]) {
  const { code, output, seconds } = await timed(() => run(...politely(process.execPath, programArgs)));
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (code === 0) total.passed += 1;
  else {
    total.failed += 1;
    console.log(output);
  }
}

/** With a lower priority than the tests. */
function politely(program, programArgs) {
  return process.platform === 'win32'
    ? [program, programArgs]
    : ['nice', ['-n', '5', program, ...programArgs]];
}

async function runOnOlderNode(version) {
  const node = await ensureNode(version);
  if (node === undefined)
    return console.log(`› No Node ${version} can be installed here: its quick tests are left out`);
  const { code, output, seconds } = await timed(() => runTests(node, ['--maxWorkers=1', ...ON_OLDER_NODES]));
  console.log(`${code === 0 ? '✓' : '✗'} Quick tests on Node ${version} (${seconds} s)`);
  if (code !== 0) console.log(output);
}

async function timed(work) {
  const startedMs = performance.now();
  const result = await work();
  return { ...result, seconds: ((performance.now() - startedMs) / 1_000).toFixed(1) };
}

async function runTests(node, filters, { show = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-report-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const outcome = await run(node, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...filters], {
    show,
  });
  const counted = readReport(report, show);
  rmSync(folder, { recursive: true, force: true });
  total.passed += counted.passed;
  total.skipped += counted.skipped;
  // A run that broke without a failed test (a file that cannot be loaded, an unhandled error) has failed all the same.
  total.failed += counted.failed === 0 && outcome.code !== 0 ? 1 : counted.failed;
  return outcome;
}

/** Counts what ran. With `keep`, how long each file took is remembered. */
function readReport(file, keep) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    if (keep) {
      durations = { ...durations, ...durationsOf(report) };
      recordDurations(durations);
    }
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
