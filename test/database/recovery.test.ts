import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { guardDriver } from '../../backend/src/database/driverGuard.js';
import { identify, listDescendants } from '../../tools/embedded-database/processes.js';
import { until } from '../support/until.js';
import { DataFolder, untilGone, type Client } from './support.js';

// The server does the same. Without it a kill sometimes leaves the driver waiting for ever.
guardDriver();

/** Long, because other work may share the machine. Measured times are in docs/database.md. */
const BACK_WITHIN_MS = 15_000;

/** Inserts without a pause and remembers the acknowledged ids. Failed inserts are skipped. */
class Writer {
  readonly acknowledged: number[] = [];
  readonly #done: Promise<void>;
  #next = 0;
  #stopped = false;

  constructor(readonly client: Client) {
    this.#done = Promise.all(Array.from({ length: 4 }, () => this.#write())).then(() => undefined);
  }

  /** Resolves when this many more inserts were acknowledged. */
  more(count: number): Promise<boolean> {
    const goal = this.acknowledged.length + count;
    return until(() => this.acknowledged.length >= goal, {
      timeoutMs: BACK_WITHIN_MS,
      what: `${count} more acknowledged inserts`,
    });
  }

  /** Stops. @returns the acknowledged ids that are not stored. */
  async findMissing(): Promise<number[]> {
    this.#stopped = true;
    await this.#done;
    // PostgreSQL notices the end of one of its processes a moment later, and acknowledges inserts until it does: the
    // outage may begin only now, so this read may be the first thing that meets it.
    const found = await until(() => this.client.db('w').collection<{ _id: number }>('w').find().toArray(), {
      timeoutMs: BACK_WITHIN_MS,
      what: 'a read of all that is stored',
    });
    const stored = new Set(found.map(({ _id }) => _id));
    return this.acknowledged.filter((id) => !stored.has(id));
  }

  async #write(): Promise<void> {
    while (!this.#isStopped()) {
      this.#next += 1;
      const _id = this.#next;
      try {
        await this.client
          .db('w')
          .collection<{ _id: number }>('w')
          .insertOne({ _id }, { writeConcern: { w: 'majority', journal: true } });
        this.acknowledged.push(_id);
      } catch {
        // Not acknowledged: stored or not, both are correct. A database that is down fails at once.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}

async function startWriting(folder: DataFolder): Promise<{ uri: string; writer: Writer }> {
  const { uri } = await folder.open({ durable: true });
  const writer = new Writer(await folder.connect(uri));
  await writer.more(50);
  return { uri, writer };
}

/** Pid of the engine's process whose command line matches. */
async function findEnginePid(folder: DataFolder, pattern: RegExp): Promise<number> {
  const { pid: supervisor } = await folder.supervisor();
  const pid = listDescendants(supervisor).find((one) => pattern.test(commandOf(one)));
  if (pid === undefined) throw new Error(`no process of the engine matches ${String(pattern)}`);
  return pid;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const PARTS = {
  'the engine’s first process': /launcher\.js|\/mongod /,
  'PostgreSQL’s postmaster': /\/bin\/postgres -D/,
  'one PostgreSQL process': /^postgres: postgres postgres/,
  FerretDB: /\/ferretdb --listen-addr/,
};

test.for(Object.entries(PARTS))(
  'no acknowledged write is lost and the database is back on its port when %s is killed',
  async ([what, pattern], { skip }) => {
    await using folder = await DataFolder.create();
    const { engine } = await folder.open({ durable: true });
    if (engine === 'mongod' && what !== 'the engine’s first process') skip('a mongod is one process');
    const { uri, writer } = await startWriting(folder);
    for (let round = 0; round < 2; round += 1) {
      const victim = identify(await findEnginePid(folder, pattern));
      process.kill(victim.pid, 'SIGKILL');
      await untilGone([victim]);
      await writer.more(50);
    }
    expect(await writer.findMissing()).toEqual([]);
    expect((await folder.supervisor()).uri).toBe(uri);
  },
);

test('a process that PostgreSQL leaves when its postmaster is killed does not keep the database from starting', async ({
  skip,
}) => {
  await using folder = await DataFolder.create();
  if ((await folder.open({ durable: true })).engine === 'mongod') skip('a mongod is one process');
  const { writer } = await startWriting(folder);
  const left = identify(await findEnginePid(folder, /^postgres: pg_cron launcher/));
  // Stopped, it cannot notice the end of the postmaster, whose shared memory it holds.
  process.kill(left.pid, 'SIGSTOP');
  process.kill(await findEnginePid(folder, PARTS['PostgreSQL’s postmaster']), 'SIGKILL');
  await untilGone([left]);
  await writer.more(50);
  expect(await writer.findMissing()).toEqual([]);
});

test('a killed supervisor is replaced on the same port, and no acknowledged write is lost', async () => {
  await using folder = await DataFolder.create();
  const { uri, writer } = await startWriting(folder);
  for (let round = 0; round < 2; round += 1) {
    const before = await folder.processes();
    const { pid } = await folder.supervisor();
    process.kill(pid, 'SIGKILL');
    await until(async () => (await folder.supervisor()).pid !== pid, {
      timeoutMs: BACK_WITHIN_MS,
      what: 'another supervisor',
    });
    await writer.more(50);
    await untilGone(before);
  }
  expect(await writer.findMissing()).toEqual([]);
  expect((await folder.supervisor()).uri).toBe(uri);
});

test('a data folder opens again after its supervisor and engine were killed together', async () => {
  await using folder = await DataFolder.create();
  const { writer } = await startWriting(folder);
  const processes = await folder.processes();
  // All in one command. A process that has ended by itself meanwhile is no failure.
  spawnSync('kill', ['-KILL', ...processes.map(({ pid }) => String(pid))]);
  await untilGone(processes);
  await writer.more(50);
  expect(await writer.findMissing()).toEqual([]);
});
