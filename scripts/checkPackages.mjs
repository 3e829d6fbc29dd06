// Checks the packages as apps get them: packed, with their declarations, their size, and in a project of each kind.
// Does nothing when nothing has changed since the last successful run.
import { checkDeclarations } from './packages/declarations.mjs';
import { runConsumers } from './packages/consumers.mjs';
import { buildPackages, once, PACKAGES, packPackage } from './lib/packages.mjs';
import { mustRun } from './lib/run.mjs';
import { resolve } from 'node:path';

const node = (file, args, options) =>
  mustRun(process.execPath, [resolve('node_modules', file), ...args], options);

async function checkTarball(name, tarball) {
  const complaints = checkDeclarations(`packages/${name}/dist`);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  await node('publint/src/cli.js', ['run', tarball, '--strict']);
  // Resolution of before 2022 (`node10`) knows no entries besides the main one.
  await node('@arethetypeswrong/cli/dist/index.js', [
    tarball,
    '--profile',
    'node16',
    '--no-emoji',
    '--no-color',
  ]);
  await node('size-limit/bin.js', [], { cwd: `packages/${name}` });
}

async function check() {
  await buildPackages();
  const tarballs = [];
  for (const name of PACKAGES) tarballs.push(await packPackage(name));
  const checks = PACKAGES.map((name, index) => checkTarball(name, tarballs[index]));
  await Promise.all([...checks, runConsumers(tarballs)]);
}

const INPUTS = ['package-lock.json', 'packages', 'scripts', 'test/consumers', 'tsconfig.json'];

try {
  await once('checked', INPUTS, check);
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
