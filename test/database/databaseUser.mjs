// Program: a user of an embedded database in a process of its own. Opens the database, sends its address, and releases it
// when it gets a message.
import { openEmbeddedDatabase } from '../../dist/tools/embedded-database/index.js';

const [dataDir, lingerMs] = process.argv.slice(2);
try {
  const database = await openEmbeddedDatabase({ dataDir, durable: false, lingerMs: Number(lingerMs) });
  process.send({ uri: database.uri, engine: database.engine });
  process.once('message', async () => {
    await database.release();
    // Nothing else may keep this process running now.
    process.disconnect();
  });
} catch (error) {
  process.send({ error: `${error.name}: ${error.message}` });
  process.disconnect();
}
