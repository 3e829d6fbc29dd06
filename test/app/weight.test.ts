import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { signedIn } from '../../bench/app/scenarios.js';
import { watchVisit, type Visit } from '../../bench/app/visit.js';
import { describeInBrowser, it } from './support/windows.js';

/** Bytes of script of a first visit, compressed. */
const MAX_BYTES = 250_000;
/** Everything that is loaded before the first list: page, scripts, styles, with their headers. */
const MAX_ALL_BYTES = 285_000;

/** Files that the page names: scripts and what they import at once (`modulepreload`), styles. The rest is loaded when it is opened. */
const namedFiles = (): string[] =>
  [...readFileSync('dist/app/index.html', 'utf8').matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map(
    ([, path = '']) => path,
  );

it('a first visit loads at most 250 kB of script', () => {
  const scripts = namedFiles().filter((path) => path.endsWith('.js'));
  const bytes = scripts.map((path) => gzipSync(readFileSync(`dist/app/${path}`)).length);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(MAX_BYTES);
});

describeInBrowser('the first list', () => {
  it('needs the page, the files that it names, one connection and one command', async ({
    server,
    openApp,
  }) => {
    const bob = await server.connectAs('bob');
    await bob.send(await bob.open('alice'), 'hello');
    let visit: Visit | undefined;
    const alice = await openApp(server, {
      prepare: async (page) => {
        await page.addInitScript(signedIn('alice', server.token('alice')));
        visit = await watchVisit(await page.context().newCDPSession(page));
      },
    });
    await alice.chat('Bob Tanaka').waitFor();
    const { requests = [], bytes, depth, commands = [] } = { ...visit };
    const [page, ...rest] = requests;
    expect(page).toBe('/');
    expect(rest.sort()).toEqual([...namedFiles(), '/socket.io/'].sort());
    // No file is found only in another one.
    expect(depth).toBe(1);
    expect(bytes).toBeLessThanOrEqual(MAX_ALL_BYTES);
    expect(commands[0]).toBe('getConversations');
    alice.expectNoFaults();
  });
});
