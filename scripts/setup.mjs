// `npm run setup`: everything that `npm start` and `npm test` would install, without starting anything.
import { bootstrap } from './lib/bootstrap.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureObjectStore } from './lib/objectStore.mjs';
import { giveUp } from './lib/progress.mjs';
import { ensurePython } from './lib/python.mjs';
import { ensureRedis } from './lib/redis.mjs';

await bootstrap();
// Takes the longest, and needs nothing of the others.
const objectStore = ensureObjectStore();
if (!process.env.MONGODB_URI) {
  const { prepareEmbeddedDatabase } = await import('../dist/tools/embedded-database/index.js');
  try {
    const engine = await prepareEmbeddedDatabase((line) => console.log(`› ${line}`));
    console.log(`The embedded database is there (${engine}).`);
  } catch (error) {
    giveUp(error.message);
  }
}
await ensureChromium();
await ensureRedis();
await objectStore;
await ensurePython();
