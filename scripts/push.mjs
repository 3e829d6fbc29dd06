// `npm run push -- keys`: a key pair for web push (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/push/index.js');
