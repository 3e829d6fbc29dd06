import { bootstrap } from './bootstrap.mjs';

/** Runs a task of `npm run data`. Without a name, the command line names the task. */
export async function runData(name) {
  // `bootstrap` changes to the checkout. Relative paths on the command line refer to the original directory.
  process.env.PARLEY_CALLED_FROM ??= process.env.INIT_CWD ?? process.cwd();
  await bootstrap();
  // After `bootstrap`, which may restart this script with the same arguments.
  if (name !== undefined) process.argv.splice(2, 0, name);
  await import('../../dist/scripts/data/index.js');
}
