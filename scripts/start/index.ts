import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { readConfig, type Config } from '../../backend/src/config.js';

/*
 * Program of `npm start`: opens the embedded database when no MONGODB_URI is configured, and runs the server in the same
 * process. The server gets the address in its environment, as it would get any other. One process for both, so that
 * signals reach the server, and so that the database cannot lose its user while the server runs: the connection that keeps
 * the database up (`databaseUser.ts`) ends when this process ends, however it ends. Workers inherit the environment.
 */

async function main(): Promise<void> {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  // Checked before the database is opened, which may install one: a wrong value is reported at once.
  const config = readConfig({ ...file, ...process.env });
  if (config.MONGODB_URI === undefined) await openDatabase(config);
  await import('../../backend/src/index.js');
}

async function openDatabase({ DATA_DIR }: Config): Promise<void> {
  const { openEmbeddedDatabase } = await import('../../tools/embedded-database/index.js');
  const setAddress = (uri: string): void => {
    process.env['MONGODB_URI'] = uri;
  };
  const database = await openEmbeddedDatabase({
    dataDir: DATA_DIR,
    onProgress: (line) => process.stderr.write(`› ${line}\n`),
    // Workers that start from now on use the new address. This process cannot change its own connection.
    onMoved: setAddress,
  });
  setAddress(database.uri);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`Parley cannot start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
