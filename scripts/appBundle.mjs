// `npm run app:bundle`: checks the types of the app for phones and makes its bundles for Android and iOS, Hermes bytecode, in
// `dist/native`. Exits with 1 when one of them fails.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootstrap } from './lib/bootstrap.mjs';
import { TSC } from './lib/compiler.mjs';
import { ensureExpo, EXPO, NATIVE_APP, QUIETLY } from './lib/expo.mjs';
import { cacheDir } from './lib/nodeRuntime.mjs';
import { giveUp, step } from './lib/progress.mjs';
import { mustRun } from './lib/run.mjs';

const OUT = resolve('dist/native');
const PLATFORMS = ['android', 'ios'];

await bootstrap();
try {
  await ensureExpo();
  await step('Checking the types of the app for phones', () =>
    mustRun(process.execPath, [TSC, '-p', join(NATIVE_APP, 'tsconfig.json')]),
  );
  rmSync(OUT, { recursive: true, force: true });
  const platforms = PLATFORMS.flatMap((name) => ['--platform', name]);
  await step('Bundling for Android and iOS (a minute the first time)', () =>
    mustRun(process.execPath, [EXPO, 'export', ...platforms, '--output-dir', OUT], {
      cwd: NATIVE_APP,
      env: { ...process.env, ...QUIETLY, METRO_CACHE: join(cacheDir(), 'metro') },
    }),
  );
  for (const platform of PLATFORMS) console.log(describeBundle(platform));
} catch (error) {
  giveUp(error.message);
}

function describeBundle(platform) {
  const folder = join(OUT, '_expo/static/js', platform);
  const [bundle] = readdirSync(folder).filter((name) => name.endsWith('.hbc'));
  if (bundle === undefined) throw new Error(`There is no bundle for ${platform} in ${folder}.`);
  const megabytes = statSync(join(folder, bundle)).size / 2 ** 20;
  return `${platform}: ${megabytes.toFixed(1)} MB of Hermes bytecode`;
}
