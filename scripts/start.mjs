// `npm start`: sets up whatever is missing and runs the server in this very process, so that signals reach it.
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/backend/src/index.js');
