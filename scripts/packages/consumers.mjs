import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CACHE, hashOf, PACKAGES } from '../lib/packages.mjs';
import { TSC } from '../lib/compiler.mjs';
import { mustRun } from '../lib/run.mjs';

const SOURCES = 'test/consumers';
const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];

/** Projects that install the packed packages and use them as an app does. Each rejects when it does not work. */
export async function runConsumers(tarballs) {
  // Each line of work waits for installations and programs; together they use both cores.
  await Promise.all([runSmall(tarballs), runMetro(tarballs)]);
}

/** Node and Vite: one folder with the packages and nothing else. Vite itself is that of this repository. */
async function runSmall(tarballs) {
  const folder = join(CACHE, 'consumers');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "parley-consumers", "private": true }');
  await mustRun('npm', ['install', ...NPM, ...tarballs], { cwd: folder });
  for (const name of ['node-esm', 'node-cjs', 'vite'])
    cpSync(join(SOURCES, name), join(folder, name), { recursive: true });
  await mustRun(process.execPath, [join(folder, 'node-esm/index.mjs')]);
  await mustRun(process.execPath, [join(folder, 'node-cjs/index.cjs')]);
  await mustRun(process.execPath, [
    resolve('node_modules/vite/bin/vite.js'),
    'build',
    join(folder, 'vite'),
    '--logLevel',
    'warn',
  ]);
  await checkReadmes(folder);
  const [script] = readdirSync(join(folder, 'vite/dist/assets'));
  const code = readFileSync(join(folder, 'vite/dist/assets', script), 'utf8');
  if (!code.includes('indexedDB') || /\brequire\(|__vite-browser-external/.test(code))
    throw new Error(`Vite has built something else than a browser's script: ${script}`);
}

/** Metro and Hermes, as React Native uses them. Their 240 packages are installed once per version. */
async function runMetro(tarballs) {
  const source = join(SOURCES, 'metro');
  const folder = join(CACHE, `metro-${hashOf([`${source}/package-lock.json`]).slice(0, 16)}`);
  if (!existsSync(join(folder, 'installed'))) {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(folder, file));
    await mustRun('npm', ['ci', ...NPM], { cwd: folder });
    writeFileSync(join(folder, 'installed'), '');
  }
  for (const file of ['index.js', 'bundle.cjs', 'run.cjs']) cpSync(join(source, file), join(folder, file));
  await mustRun('npm', ['install', '--no-save', ...NPM, ...tarballs], { cwd: folder });
  mkdirSync(join(folder, 'out'), { recursive: true });
  await mustRun(process.execPath, ['bundle.cjs'], { cwd: folder });
  await mustRun(process.execPath, ['run.cjs'], { cwd: folder });
  await mustRun(compilerIn(folder), ['-O', '-emit-binary', '-out', 'out/app.hbc', 'out/app.js'], {
    cwd: folder,
  });
}

const COMPILERS = { linux: 'linux64-bin/hermesc', darwin: 'osx-bin/hermesc', win32: 'win64-bin/hermesc.exe' };
const compilerIn = (folder) =>
  join(folder, 'node_modules/hermes-compiler/hermesc', COMPILERS[process.platform] ?? COMPILERS.linux);

/** Compiles the TypeScript in the READMEs as an app would: against the declarations of the packed packages. */
async function checkReadmes(folder) {
  for (const name of ['readme', 'readme-native'])
    cpSync(join(SOURCES, name), join(folder, name), { recursive: true });
  for (const name of PACKAGES) {
    const target = join(folder, name === 'ui' ? 'readme-native' : 'readme');
    const blocks = readFileSync(`packages/${name}/README.md`, 'utf8').matchAll(/^```tsx?\n(.*?)^```/gms);
    for (const [index, [, code]] of [...blocks].entries())
      writeFileSync(join(target, `${name}-${index}.tsx`), `${code}\nexport {};\n`);
  }
  await mustRun(process.execPath, [TSC, '-p', join(folder, 'readme')]);
  await mustRun(process.execPath, [TSC, '-p', join(folder, 'readme-native')]);
}
