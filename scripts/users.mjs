// `npm run users -- ban|unban|logout|show USER`: who may come in (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/users/index.js');
