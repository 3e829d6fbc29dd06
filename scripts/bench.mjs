// `npm run bench`: sets up whatever is missing and measures. Arguments go on to the bench (try --help).
// `npm run bench -- data` measures the tasks of `npm run data` instead, `npm run bench -- ratios` single operations beside
// raw queries and the bare relay.
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
if (process.argv[2] === 'data') {
  process.argv.splice(2, 1);
  await import('../dist/bench/data/index.js');
} else if (process.argv[2] === 'ratios') {
  process.argv.splice(2, 1);
  await import('../dist/bench/ratios/index.js');
} else {
  await import('../dist/bench/index.js');
}
