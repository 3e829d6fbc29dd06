// `npm run app`: starts Expo's development server for the app on a phone, which uses the server of this machine. Another one:
// `npm run app -- --url https://chat.example.com`. Options after a second `--` go to `expo start`.
import { networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { bootstrap } from './lib/bootstrap.mjs';
import { ensureExpo, EXPO, NATIVE_APP } from './lib/expo.mjs';
import { giveUp } from './lib/progress.mjs';
import { run } from './lib/run.mjs';

const { values, positionals } = parseArgs({ options: { url: { type: 'string' } }, allowPositionals: true });
const address = values.url ?? `http://${addressOnNetwork()}:${process.env.PORT ?? 3000}`;
if (!URL.canParse(address)) giveUp(`--url: ${address} is not an address.`);
await bootstrap();
await ensureExpo().catch((error) => giveUp(error.message));
console.log(`The app uses the server at ${address}`);
const env = { ...process.env, EXPO_NO_TELEMETRY: '1', EXPO_PUBLIC_PARLEY_URL: address };
const { code } = await run(process.execPath, [EXPO, 'start', ...positionals], {
  ...{ cwd: NATIVE_APP, env, show: true },
});
process.exit(code);

/** A phone reaches this machine by its address in the network. */
function addressOnNetwork() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}
