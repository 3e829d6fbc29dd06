/** A process of its own that writes without end, until it is killed. Prints the number of each batch that was acknowledged. */
import { sqliteStorage } from '../../../packages/client/src/storage/sqlite.js';
import { openDatabase } from '../support/sqlite.js';

const KEYS = 40;
const [path = ''] = process.argv.slice(2);
const area = await sqliteStorage(openDatabase(path)).open('ada');
for (let batch = 1; ; batch += 1) {
  const value = `${batch}`.padEnd(2_000, '.');
  await area.write(
    Array.from({ length: KEYS }, (_, key) => ({ collection: 'outbox', key: `${key}`, value }) as const),
  );
  process.stdout.write(`${batch}\n`);
}
