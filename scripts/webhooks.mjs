// `npm run webhooks -- add|list|test|replay|enable|disable|rotate|remove`: URLs that receive events (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/webhooks/index.js');
