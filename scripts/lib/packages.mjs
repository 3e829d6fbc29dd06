import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { mustRun } from './run.mjs';

/** Folders of the packages that are published, in the order in which they depend on each other. */
export const PACKAGES = ['client', 'react', 'ui'].filter((name) =>
  existsSync(`packages/${name}/tsdown.config.mjs`),
);
/** Results of earlier runs. A fresh clone has none. */
export const CACHE = resolve('node_modules/.cache/packages');

const IGNORED = /(^|\/)(node_modules|dist|out)(\/|$)/;

/** Hash of the names and contents of files and folders. */
export function hashOf(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths)
    for (const file of filesIn(path)) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => !IGNORED.test(name))
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

/** Does work once for these contents: `stamp` remembers it. */
export async function once(stamp, paths, work) {
  const file = join(CACHE, stamp);
  const wanted = hashOf(paths);
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return;
  rmSync(file, { force: true });
  await work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wanted);
}

const inputsOf = (name) => [
  'package-lock.json',
  'tsconfig.json',
  ...PACKAGES.slice(0, PACKAGES.indexOf(name) + 1).map((one) => `packages/${one}`),
];

/** Compiles the packages that have changed since the last time. */
export async function buildPackages() {
  for (const name of PACKAGES) {
    const folder = `packages/${name}`;
    if (!existsSync(`${folder}/dist`)) rmSync(join(CACHE, `${name}-built`), { force: true });
    await once(`${name}-built`, inputsOf(name), () =>
      mustRun(process.execPath, [resolve('node_modules/tsdown/dist/run.mjs'), '--logLevel', 'warn'], {
        cwd: folder,
      }),
    );
  }
}

/** Packs a built package. @returns the path of the tarball */
export async function packPackage(name) {
  mkdirSync(CACHE, { recursive: true });
  const output = await mustRun('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', CACHE], {
    cwd: `packages/${name}`,
  });
  return join(CACHE, JSON.parse(output)[0].filename);
}
