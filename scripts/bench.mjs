// `npm run bench`: sets up whatever is missing and measures. Arguments go on to the bench (try --help).
// `npm run bench -- data` measures the tasks of `npm run data` instead, `npm run bench -- client` the client SDK.
import { bootstrap } from './lib/bootstrap.mjs';

const [, , subject = ''] = process.argv;

await bootstrap();
if (['data', 'client'].includes(subject)) {
  process.argv.splice(2, 1);
  await import(`../dist/bench/${subject}/index.js`);
} else {
  await import('../dist/bench/index.js');
}
