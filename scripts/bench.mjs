// `npm run bench`: sets up whatever is missing and measures. Arguments go on to the bench (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/bench/index.js');
