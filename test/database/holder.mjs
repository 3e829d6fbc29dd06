// A user of an embedded database in a process of its own: opens it, says so, holds it until told to release it.
import { openEmbeddedDatabase } from '../../dist/backend/src/database/embedded/index.js';

const [dataDir, lingerMs] = process.argv.slice(2);
try {
  const database = await openEmbeddedDatabase({ dataDir, durable: false, lingerMs: Number(lingerMs) });
  process.send({ uri: database.uri, engine: database.engine });
  process.once('message', async () => {
    await database.release();
    // Nothing else may hold this process now.
    process.disconnect();
  });
} catch (error) {
  process.send({ error: `${error.name}: ${error.message}` });
  process.disconnect();
}
