// `npm run screenshots`: takes the pictures of the app that the docs show, into docs/images/app. Starts a server with a database
// of its own, fills it, and ends it. Options: names of pictures, for example `npm run screenshots -- list search`.
import { bootstrap } from './lib/bootstrap.mjs';
import { ensureChromium } from './lib/chromium.mjs';

await bootstrap();
const chromium = await ensureChromium();
const { takeScreenshots } = await import('../dist/scripts/screenshots/index.js');
await takeScreenshots({ chromium, folder: 'docs/images/app', names: process.argv.slice(2) });
