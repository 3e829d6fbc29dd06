// `npm start`: sets up whatever is missing, opens the embedded database where no MONGODB_URI is set, and runs the server in
// this very process, so that signals reach it.
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/start/index.js');
