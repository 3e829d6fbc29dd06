// `npm run users -- ban|unban|logout|show USER`: manages access of users (try --help).
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap();
await import('../dist/scripts/users/index.js');
