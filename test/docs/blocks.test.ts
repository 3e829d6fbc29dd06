import { createServer, type AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import mongoose from 'mongoose';
import { describe, expect, it as base } from 'vitest';
import { DataFolder } from '../database/support.js';
import { ProgramRun, ROOT } from '../scripts/support/npmRun.js';
import { readBlocks, writeOutput, type Command } from './support/blocks.js';
import { difference, Names } from './support/compare.js';
import { Shell } from './support/shell.js';
import {
  storeDamage,
  storeMixedChat,
  storeOldMessages,
  storeOldShop,
  storeRestored,
  type Place,
} from './support/worlds.js';

/**
 * If set, the outputs of the commands are written into the pages instead of compared, for use after a change of
 * outputs.
 *
 * UPDATE_DOCS=1 npm test -- test/docs
 */
const IS_UPDATE = process.env['UPDATE_DOCS'] !== undefined;

/** Prefixes of commands that are not run here, with the reason. */
const NOT_RUN: Record<string, string> = {
  'npm start': 'runs already: the first block of the README',
  'npm test': 'is what runs this',
  'WORKERS=auto npm start': 'test/scripts/npmStart.test.ts runs it with two workers',
  'REDIS_URL=redis://localhost:6379 npm start': 'needs a Redis on its usual port',
  'npm run data -- undo data/journal/…': 'stands for any journal of an import',
  'npm run data -- show 6b07ecac6eed728c42010733':
    'stands for any message; test/data/reports.test.ts runs it',
  'npm run test:faults': 'takes minutes; test/storm runs a short one',
};

/** Stores the data that each page of the operations expects. Pages without commands are not listed. */
const WORLDS: Record<string, (place: Place) => Promise<void>> = {
  'README.md': () => Promise.resolve(),
  'after-a-restore.md': storeRestored,
  'an-index-cannot-be-made.md': storeDamage,
  'archiving.md': storeOldMessages,
  'i-have-duplicates.md': storeDamage,
  'moving-from.md': storeOldShop,
  'three-people-in-one-chat.md': storeMixedChat,
  'verify-and-alerts.md': storeDamage,
};

async function findPort(): Promise<number> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server started as in the README, on a free port and with a new data folder. */
class Tour implements AsyncDisposable {
  #npm: ProgramRun;

  private constructor(
    readonly folder: DataFolder,
    readonly port: number,
  ) {
    this.#npm = this.#start();
  }

  static async begin(): Promise<Tour> {
    const tour = new Tour(await DataFolder.create(), await findPort());
    await tour.listening();
    return tour;
  }

  get env(): Record<string, string> {
    return { PORT: String(this.port), DATA_DIR: this.folder.dataDir };
  }

  async listening(): Promise<string[]> {
    await this.#npm.printed(/api\/demo/);
    const lines = this.#npm.output.split('\n').filter((line) => line.includes('INFO: '));
    return lines.slice(-2);
  }

  async restart(): Promise<void> {
    this.#npm.signal('SIGTERM');
    await this.#npm.over();
    this.#npm = this.#start();
    await this.listening();
  }

  #start(): ProgramRun {
    return new ProgramRun(['npm', 'start'], this.env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#npm.signal('SIGTERM');
    await this.#npm.over();
    await this.folder[Symbol.asyncDispose]();
  }
}

const it = base.extend('tour', { scope: 'file' }, async ({}, { onCleanup }) => {
  const tour = await Tour.begin();
  onCleanup(() => tour[Symbol.asyncDispose]());
  return tour;
});

const isRun = ({ text }: Command): boolean => !Object.keys(NOT_RUN).some((start) => text.startsWith(start));

/** Port, data folder and database of the page, which are replaced by those of this run. */
const LOCAL = { port: '3000', dataDir: 'data', database: 'parley' };

interface Page {
  name: string;
  shell: Shell;
  names: Names;
  tour: Tour;
  database: string;
}

async function runCommand(page: Page, command: Command): Promise<string[]> {
  const { shell, names, tour, database } = page;
  const text = names
    .translate(command.text)
    .replaceAll(`localhost:${LOCAL.port}`, `localhost:${tour.port}`)
    .replaceAll(`${LOCAL.dataDir}/journal/`, `${tour.folder.dataDir}/journal/`);
  const { code, lines } = await shell.run(text);
  const printed = lines.map((line) =>
    line
      .replaceAll(`localhost:${tour.port}`, `localhost:${LOCAL.port}`)
      .replaceAll(tour.folder.dataDir, LOCAL.dataDir)
      .replaceAll(`${shell.folder}/`, '')
      .replaceAll(database, LOCAL.database),
  );
  // Exit code 1 means that there are findings, which is expected on some pages.
  expect(code, `${page.name}:${command.line} ${command.text}\n${printed.join('\n')}`).toBeLessThan(2);
  return printed;
}

/** Runs the commands of a page from top to bottom in one shell. */
async function runPage(page: Page, before: (command: Command) => Promise<void>): Promise<void> {
  const different: string[] = [];
  const printed = new Map<Command, string[]>();
  const commands = (await readBlocks(page.name)).flatMap((block) => block.commands).filter(isRun);
  for (const command of commands) {
    await before(command);
    const lines = await runCommand(page, command);
    if (command.output === undefined) continue;
    const found = difference(command.output, lines, page.names);
    if (found === undefined) continue;
    different.push(`${page.name}:${command.line} ${found}`);
    printed.set(command, lines);
  }
  if (!IS_UPDATE) {
    expect(different).toEqual([]);
    return;
  }
  for (const [command, lines] of [...printed].reverse()) {
    const named = lines.filter((line) => line !== '').map((line) => page.names.untranslate(line));
    await writeOutput(page.name, command, named);
  }
}

describe('the commands of the README', () => {
  it('print what the README shows, from the first start to the history after a restart', async ({ tour }) => {
    await using shell = await Shell.open(tour.env);
    const names = new Names();
    const [start] = (await readBlocks('README.md'))
      .flatMap((block) => block.commands)
      .filter(({ text, output }) => text === 'npm start' && output !== undefined);
    const hello = (await tour.listening()).map((line) =>
      line.replaceAll(`localhost:${tour.port}`, `localhost:${LOCAL.port}`),
    );
    expect(difference(start?.output ?? [], hello, names)).toBeUndefined();
    const page = { name: 'README.md', shell, names, tour, database: LOCAL.database };
    await runPage(page, async ({ text }) => {
      // The README says: “Stop the server with Ctrl-C, start it again.”
      if (text.startsWith('ID=')) await tour.restart();
    });
  });

  it('print what docs/backend.md shows', async ({ tour }) => {
    await using shell = await Shell.open(tour.env);
    const page = { name: 'docs/backend.md', shell, names: new Names(), tour, database: LOCAL.database };
    await runPage(page, () => Promise.resolve());
  });

  it('are all run, except for those with a reason', async () => {
    const pages = [
      'README.md',
      'docs/backend.md',
      ...Object.keys(WORLDS).map((name) => `docs/operations/${name}`),
    ];
    const commands = (await Promise.all(pages.map(readBlocks))).flat().flatMap((block) => block.commands);
    const skipped = Object.keys(NOT_RUN).filter((start) =>
      commands.some(({ text }) => text.startsWith(start)),
    );
    expect(skipped).toEqual(Object.keys(NOT_RUN));
  });
});

describe('the commands of the operations', () => {
  it.for(Object.entries(WORLDS))('print what %s shows', async ([name, store], { tour }) => {
    const database = `docs_${name.replace(/\W/g, '_')}`;
    await using shell = await Shell.open({ ...tour.env, DATABASE_NAME: database });
    const { uri } = await tour.folder.supervisor();
    const connection = await mongoose
      .createConnection(uri, { dbName: database, autoIndex: false, autoCreate: false })
      .asPromise();
    try {
      // Simulates a used server: commands refuse a database without a collection of Parley.
      await connection.createCollection('users');
      await store({ connection, folder: shell.folder });
      const page = { name: `docs/operations/${name}`, shell, names: new Names(), tour, database };
      await runPage(page, () => Promise.resolve());
    } finally {
      await connection.close();
    }
  });

  it('are all on pages known to this test', async () => {
    const pages = await readdir(`${ROOT}docs/operations`);
    const blocks = await Promise.all(pages.map((name) => readBlocks(`docs/operations/${name}`)));
    expect(pages.filter((_, index) => (blocks[index] ?? []).length > 0).sort()).toEqual(Object.keys(WORLDS));
  });
});
