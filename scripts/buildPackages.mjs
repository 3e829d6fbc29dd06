// `npm run build:packages`: compiles the packages that apps install (packages/*), those that have changed.
import { bootstrap } from './lib/bootstrap.mjs';
import { buildPackages } from './lib/packages.mjs';
import { step } from './lib/progress.mjs';

await bootstrap();
await step('Building the packages', buildPackages);
