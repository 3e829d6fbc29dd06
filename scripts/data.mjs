// `npm run data -- TASK [options]`: checks, repairs and migrates what is stored (try --help).
import { runData } from './lib/runData.mjs';

await runData();
