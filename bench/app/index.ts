import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { chromium, type Browser } from 'playwright-core';
import { openDatabase } from '../database.js';
import { signToken } from '../load/fleet.js';
import { findEntry } from '../options.js';
import { resultsFolder } from '../paths.js';
import { formatTable } from '../report.js';
import { runSmallBench } from '../smallBench.js';
import { startSubject } from '../targets.js';
import { measureChat, measureList, measureVisit, type Row, type Site } from './measure.js';
import { manyChats, storeChats } from './seed.js';

const USAGE = `Usage: npm run bench -- app [options]

Measures the app in headless Chromium, against a server with an embedded database: scrolling 10,000 conversations, a chat of
100,000 messages, and first visits at 4G speed (10 Mbit/s, 40 ms). Tasks of the page are given by the clock and by the
processor time of its thread: beside other work, only the latter says something about the app.

  --quick       few conversations and messages: checks that everything works; the figures are not comparable
  --json FILE   file for the results (bench/results/<date>-app.json)
  --help        this text

The exit code is 1 when something could not be measured, never because of a time.`;

const FULL = { conversations: 10_000, messages: 100_000, visits: 9 };
const QUICK = { conversations: 300, messages: 2_000, visits: 2 };
const USER = 'ann';
/** A user with as many conversations as most have at most. */
const VISITOR = 'vera';
const VISITOR_CONVERSATIONS = 100;

/** Stores the chats, and starts a server on them. Everything is stopped and removed afterwards. */
async function withSite(size: typeof FULL, run: (site: Site) => Promise<Row[]>): Promise<Row[]> {
  const folder = mkdtempSync(join(resultsFolder, 'run-'));
  const database = await openDatabase(join(folder, 'database'), { uri: undefined, pids: [] });
  let browser: Browser | undefined;
  try {
    const subject = await startSubject('parley', database, { folder, entry: findEntry(undefined) });
    try {
      console.log(`storing ${size.conversations} conversations and ${size.messages} messages`);
      const connection = await mongoose
        .createConnection(database.uri, { dbName: subject.databaseName })
        .asPromise();
      const long = { users: [USER, 'ben'] as const, messages: size.messages, endsAt: Date.now() };
      await storeChats(connection, [long, ...manyChats(USER, size.conversations - 1)]);
      await storeChats(connection, manyChats(VISITOR, VISITOR_CONVERSATIONS));
      await connection.close();
      browser = await chromium.launch({
        executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium-headless-shell',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
      const { ports, secret = '' } = subject.server;
      const url = `http://127.0.0.1:${ports[0] ?? 0}/`;
      return await run({ browser, url, tokenOf: (userId) => signToken(userId, secret) });
    } finally {
      await browser?.close();
      await subject.stop();
    }
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const formatRows = (rows: readonly Row[]): string =>
  formatTable([['', ''], ...rows.map(({ name, value, unit }) => [name, `${value} ${unit}`])]).join('\n');

await runSmallBench({
  ...{ name: 'app', usage: USAGE, full: FULL, quick: QUICK, format: formatRows },
  measure: (size) =>
    withSite(size, async (site) => [
      ...(await measureVisit(site, VISITOR, size.visits)),
      ...(await measureList(site, USER, size.conversations)),
      ...(await measureChat(site, USER, size.messages)),
    ]),
});
