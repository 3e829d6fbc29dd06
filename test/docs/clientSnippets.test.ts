import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchBrowser } from '../support/browser.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { ownLines, readSnippets, SnippetFolder, type Snippet } from './support/snippets.js';

const PAGES = [
  'docs/client.md',
  'docs/push.md',
  'packages/client/README.md',
  'packages/react/README.md',
].filter((page) => existsSync(page));
const BACKEND = 'https://api.example.com';
const CHAT = 'https://chat.example.com';

const named = async (name: string): Promise<Snippet> => {
  const snippet = (await readSnippets('docs/client.md')).find((one) => one.name === name);
  if (snippet === undefined) throw new Error(`docs/client.md has no block ${name}`);
  return snippet;
};

test('all snippets compile', async () => {
  const snippets = (await Promise.all(PAGES.map(readSnippets))).flat();
  expect(snippets.length).toBeGreaterThan(5);
  await using folder = await SnippetFolder.create(snippets);
  expect(await folder.compile()).toBe('');
});

test('a first chat takes at most 30 lines in React Native, and 20 in a browser', async () => {
  expect(ownLines(await named('App.tsx'))).toBeLessThanOrEqual(30);
  expect(ownLines(await named('chat.ts'))).toBeLessThanOrEqual(20);
});

describe.skipIf(chromiumPath === undefined)('in a browser', () => {
  const server = sharedServer({ env: { CORS_ORIGINS: '*' } });
  let browser: Browser;
  /** Page of the app, and its backend. */
  let html = '';
  let userId = '';
  const app = createServer((request, response) => {
    const isToken = request.url === '/chat-token';
    response.setHeader('content-type', isToken ? 'text/plain' : 'text/html');
    response.end(isToken ? server().token(userId) : html);
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => app.listen(0, resolve));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    app.close();
  });

  /** Opens the page of an app that consists of a snippet. Its addresses, and the other user, are those of the test. */
  async function openApp(snippet: Snippet, entry: string): Promise<Page> {
    const address = `http://localhost:${(app.address() as AddressInfo).port}`;
    const code = snippet.code
      .replace(CHAT, server().url)
      .replace(BACKEND, address)
      .replaceAll(/(?<=['"])bob(?=['"])/g, `${userId}-friend`);
    await using folder = await SnippetFolder.create([{ ...snippet, code }]);
    const script = await folder.bundle(entry);
    const page = await browser.newPage();
    await page.goto(address);
    await page.addScriptTag({ content: script, type: 'module' });
    return page;
  }

  test('the chat of a browser shows and sends messages', async () => {
    const [alice] = people('alice');
    [userId, html] = [alice, '<!doctype html><pre></pre><input>'];
    const page = await openApp(await named('chat.ts'), `import './chat';`);
    const friend = await server().connectAs(`${alice}-friend`);
    const { conversation } = await friend.next('conversation:created');
    await friend.send(conversation._id, 'Hello Alice');
    await page.getByText('Hello Alice (sent)').waitFor();
    await page.locator('input').fill('Hello friend');
    await page.locator('input').blur();
    expect((await friend.next('message:new', ({ seq }) => seq === 2)).content).toBe('Hello friend');
    await page.getByText('Hello friend (delivered)').or(page.getByText('Hello friend (sent)')).waitFor();
    await page.close();
  });

  test('the chat of a React Native app does, rendered by react-native-web', async () => {
    const [alice] = people('alice');
    [userId, html] = [alice, '<!doctype html><div id="root" style="display: flex; height: 500px"></div>'];
    const entry = `
      import { AppRegistry } from 'react-native';
      import App from './App';
      AppRegistry.registerComponent('app', () => App);
      AppRegistry.runApplication('app', { rootTag: document.getElementById('root') });`;
    const friend = await server().connectAs(`${alice}-friend`);
    const conversationId = await friend.open(alice);
    await friend.send(conversationId, 'Hello Alice');
    const page = await openApp(await named('App.tsx'), entry);
    await page.getByText('Hello Alice').waitFor();
    await page.getByPlaceholder('Message').fill('Hello friend');
    await page.getByPlaceholder('Message').press('Enter');
    expect((await friend.next('message:new', ({ seq }) => seq === 2)).content).toBe('Hello friend');
    await page.getByText('Hello friend').waitFor();
    await page.close();
  });
});
