// `npm run docs`: generates the tables of events, endpoints and errors from the contract.
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/docs/index.js');
