import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const RUNTIME = new URL('../../scripts/lib/nodeRuntime.mjs', import.meta.url);

/** Script for an old Node: reports the version that runs it, then waits for a signal or for the requested exit. */
const SCRIPT = `
  const { ensureServingNode } = await import(${JSON.stringify(RUNTIME.href)});
  await ensureServingNode();
  process.on('SIGTERM', () => process.exit(43));
  console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), args: process.argv.slice(2) }));
  if (process.argv.includes('--wait')) setInterval(() => undefined, 1_000);
  else process.exitCode = 7;
`;

interface Machine extends AsyncDisposable {
  cacheDir: string;
  script: string;
}

/** Creates a cache folder that contains the Node of this test as the serving version. */
async function prepareMachine(): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-runtime-'));
  const cacheDir = join(folder, 'cache');
  const bin = join(cacheDir, 'node-24', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'node'));
  const script = join(folder, 'script.mjs');
  await writeFile(script, SCRIPT);
  return {
    cacheDir,
    script,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Returns Node 20.19 from the shared cache folder, where the quick tests install it. */
async function olderNode(): Promise<string> {
  const { ensureNode } = (await import(fileURLToPath(RUNTIME))) as {
    ensureNode: (version: string) => Promise<string | undefined>;
  };
  const program = await ensureNode('20.19');
  if (program === undefined) throw new Error('Node 20.19 cannot be installed here');
  return program;
}

function start(program: string, machine: Machine, ...args: string[]) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], PARLEY_CACHE_DIR: machine.cacheDir };
  const keeps = args.includes('--keep') ? { PARLEY_NODE_RUNTIME: 'current' } : {};
  const child = spawn(program, [machine.script, ...args], {
    env: { ...env, ...keeps },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, exited: once(child, 'exit') as Promise<[number | null, string | null]> };
}

async function report(child: ReturnType<typeof start>['child']): Promise<unknown> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return JSON.parse(line.toString('utf8'));
}

test('a script started with an older Node continues in the serving version, with its arguments and exit code', async () => {
  await using machine = await prepareMachine();
  const { child, exited } = start(await olderNode(), machine, 'check', '--json');
  expect(await report(child)).toEqual({ major: 24, args: ['check', '--json'] });
  expect(await exited).toEqual([7, null]);
});

test('a signal to the started process reaches the serving one, whose exit code is passed on', async () => {
  await using machine = await prepareMachine();
  const { child, exited } = start(await olderNode(), machine, '--wait');
  expect(await report(child)).toMatchObject({ major: 24 });
  child.kill('SIGTERM');
  expect(await exited).toEqual([43, null]);
});

test('PARLEY_NODE_RUNTIME=current keeps the Node that started it', async () => {
  await using machine = await prepareMachine();
  const { child, exited } = start(await olderNode(), machine, '--keep');
  expect(await report(child)).toMatchObject({ major: 20 });
  expect(await exited).toEqual([7, null]);
});
