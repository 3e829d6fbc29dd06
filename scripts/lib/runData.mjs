import { bootstrap } from './bootstrap.mjs';

/** Runs a task of `npm run data`; without a name, the one that the command line names. */
export async function runData(name) {
  if (name !== undefined) process.argv.splice(2, 0, name);
  // The set-up moves to the checkout; paths on the command line are meant from here.
  process.env.PARLEY_CALLED_FROM ??= process.env.INIT_CWD ?? process.cwd();
  await bootstrap();
  await import('../../dist/scripts/data/index.js');
}
