// `npm run keys -- create|list|rotate|revoke|audit`: API keys of the app's backend (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/keys/index.js');
