// `npm run bench`: sets up whatever is missing and measures. Arguments go on to the bench (try --help).
// `npm run bench -- data` measures the tasks of `npm run data` instead, `npm run bench -- ratios` single operations beside
// raw queries and the bare relay, `npm run bench -- client` the client SDK, `npm run bench -- app` the app in a browser.
import { bootstrap } from './lib/bootstrap.mjs';
import { ensureChromium } from './lib/chromium.mjs';

const [, , subject = ''] = process.argv;

await bootstrap();
if (subject === 'app') process.env.CHROMIUM_PATH = await ensureChromium();
if (['data', 'ratios', 'client', 'app'].includes(subject)) {
  process.argv.splice(2, 1);
  await import(`../dist/bench/${subject}/index.js`);
} else {
  await import('../dist/bench/index.js');
}
