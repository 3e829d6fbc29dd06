import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { expect, inject, test } from 'vitest';
import { hostsOf } from '../../scripts/data/frame/database.js';
import { TASKS } from '../../scripts/data/tasks.js';
import { createDataWorld } from '../support/dataScript.js';
import { machineEnv } from '../support/machineEnv.js';
import { newDatabaseName } from '../support/server.js';
import { embedded, seedEmbedded } from './support/embeddedChats.js';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/data/index.js', import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const run = (env: Record<string, string>, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [SCRIPT, ...args],
      { env: { ...machineEnv(), ...env }, cwd: '/' },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });

const conversation = (participants: string[], more: object = {}) => ({
  ...{ type: 'direct', participants, createdBy: participants[0], lastSeq: 0, memberCount: 2, ...more },
});

/** Required arguments of each task. */
const ARGS: Record<string, string[]> = {
  undo: ['no-journal.jsonl'],
  show: ['0'.repeat(24)],
  'archive-messages': ['--older-than-days', '30'],
  'import-legacy': ['--mapping', 'mapping.json'],
};

test.each(TASKS.map(({ name }) => name))(
  '%s refuses a database of another name with exit code 4, and creates nothing',
  async (name) => {
    const DATABASE_NAME = newDatabaseName();
    const kind = TASKS.find((task) => task.name === name)?.kind;
    const args = [name, ...(ARGS[name] ?? []), ...(kind === 'change' ? ['--yes'] : [])];
    const refused = await run({ MONGODB_URI: inject('mongoUri'), DATABASE_NAME }, args);
    expect([refused.code, refused.stdout]).toEqual([4, '']);
    expect(refused.stderr).toContain(`The database ${DATABASE_NAME} at mongodb://127.0.0.1`);
    expect(refused.stderr).toContain('--allow-empty');
    const client = await mongoose.mongo.MongoClient.connect(inject('mongoUri'));
    const { databases } = await client.db().admin().listDatabases();
    await client.close();
    expect(databases.map((one) => one.name)).not.toContain(DATABASE_NAME);
  },
);

test('a DATA_DIR that does not exist is refused with exit code 4, and is not created', async () => {
  const DATA_DIR = join(mkdtempSync(join(tmpdir(), 'parley-which-')), 'dtaa');
  for (const args of [['check-duplicates'], ['harden', '--dry-run'], ['harden', '--yes']]) {
    const refused = await run({ DATA_DIR }, args);
    expect([refused.code, refused.stdout]).toEqual([4, '']);
    expect(refused.stderr).toContain(
      `There is no database in ${join(DATA_DIR, 'database')}. Is DATA_DIR right?`,
    );
    expect(existsSync(DATA_DIR)).toBe(false);
  }
});

test('a database with only other collections is refused; --allow-empty continues', async () => {
  const DATABASE_NAME = newDatabaseName();
  const env = { MONGODB_URI: inject('mongoUri'), DATABASE_NAME };
  const other = await mongoose.createConnection(env.MONGODB_URI, { dbName: DATABASE_NAME }).asPromise();
  await other.collection('orders').insertOne({ total: 3 });
  const refused = await run(env, ['check-duplicates']);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('holds no collection of Parley, but 1 others');
  expect(await run(env, ['check-duplicates', '--allow-empty'])).toMatchObject({ code: 0 });
  await other.dropDatabase();
  await other.close();
});

test('the first line, and --json, contain the database, its address without secrets, and its size', async () => {
  await using world = await createDataWorld();
  const { connection, databaseName } = world;
  const _id = new mongoose.Types.ObjectId();
  await connection
    .collection('conversations')
    .insertMany([
      conversation(['ann', 'bob'], { _id }),
      conversation(['c', 'd']),
      conversation(['a', 'b'], { mergedInto: _id }),
    ]);
  await connection.collection('messages').insertOne({ conversationId: _id, seq: 1 });
  const host = new URL(inject('mongoUri')).host;
  // The options of the connection string count as secret.
  const MONGODB_URI = `${inject('mongoUri')}?appName=topsecret`;
  const text = await run({ MONGODB_URI, DATABASE_NAME: databaseName }, [
    'backfill-participants-key',
    '--dry-run',
  ]);
  expect(text.stdout.split('\n')[0]).toBe(
    `Database ${databaseName} at mongodb://${host}: 2 conversations (and 1 redirects of merged or split ones), 1 messages stored.`,
  );
  const json = await run({ MONGODB_URI, DATABASE_NAME: databaseName }, [
    'backfill-participants-key',
    '--dry-run',
    '--json',
  ]);
  expect(json.stderr).toContain(`Database ${databaseName} at mongodb://${host}`);
  expect(JSON.parse(json.stdout)).toMatchObject({
    database: { name: databaseName, address: `mongodb://${host}`, conversations: 2, ended: 1, messages: 1 },
    counts: { keysSet: 2 },
  });
  expect(text.stdout + text.stderr + json.stdout + json.stderr).not.toContain('topsecret');
});

test('user, password and options of an address are never shown', async () => {
  const client = new mongoose.mongo.MongoClient(
    'mongodb://admin:s3cret@db1:27017,db2:27018/auth?replicaSet=rs0&tlsCertificateKeyFilePassword=pem',
  );
  expect(hostsOf(client)).toBe('mongodb://db1:27017,db2:27018');
  await client.close();
});

test('an import from a misspelled database, collection or file ends with exit code 4', async () => {
  const name = newDatabaseName();
  await seedEmbedded(name);
  await using world = await createDataWorld();
  const mapping = embedded(name) as { mongo: object; conversations: object; users: object };
  const misspelt = [
    [{ ...mapping, mongo: { database: `${name}x` } }, `the collection people of ${name}x at mongodb://`],
    [
      { ...mapping, conversations: { ...mapping.conversations, collection: 'chatz' } },
      'the collection chatz of',
    ],
    [{ ...mapping, users: { file: 'nobody.jsonl', id: '_id' } }, 'nobody.jsonl, which does not exist'],
  ] as const;
  for (const [wrong, said] of misspelt) {
    const file = join(world.dataDir, 'mapping.json');
    writeFileSync(file, JSON.stringify(wrong));
    for (const how of ['--dry-run', '--yes']) {
      const refused = await world.run(['import-legacy', '--mapping', file, how]);
      expect([refused.code, refused.stderr.includes(said)]).toEqual([4, true]);
      expect(refused.stderr).toContain('Is the mapping right?');
      expect(refused.stderr).not.toContain('    at ');
    }
    expect(await world.dump()).toEqual({});
  }
  writeFileSync(join(world.dataDir, 'mapping.json'), JSON.stringify(misspelt[1][0]));
  const meant = await world.run([
    ...['import-legacy', '--mapping', join(world.dataDir, 'mapping.json'), '--yes', '--allow-empty'],
  ]);
  expect(meant.code).toBe(0);
});
