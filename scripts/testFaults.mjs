// `npm run test:faults`: sets up whatever is missing, then hurts three servers, their database and their Redis while
// people talk, and checks that nothing was lost or doubled. Arguments go on to the test (try --help).
import { TSC } from './lib/compiler.mjs';
import { bootstrap } from './lib/bootstrap.mjs';
import { giveUp } from './lib/progress.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { mustRun } from './lib/run.mjs';

await bootstrap();
await ensureRedis();
try {
  await mustRun(process.execPath, [TSC, '-p', 'tsconfig.faults.json']);
} catch (error) {
  giveUp(error.message);
}
await import('../dist/test/storm/main.js');
