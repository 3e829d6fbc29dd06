import { expect } from 'vitest';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const RLO = '\u202E';
/** Characters that the app puts around and before what others have written: invisible. */
const ISOLATES = /[\u200E\u200F\u2066-\u2069]/g;

/** Returns the horizontal middle of a text inside of the first element with this test id. */
const middleOf = ({ page }: AppWindow, testId: string, text: string): Promise<number> =>
  page.evaluate<number>(`(() => {
    const root = document.querySelector('[data-testid="${testId}"]');
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.indexOf(${JSON.stringify(text)});
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + ${text.length});
      const { left, right } = range.getBoundingClientRect();
      return (left + right) / 2;
    }
    throw new Error('not there');
  })()`);

describeInBrowser('text of other people in the app', () => {
  it('cannot fake the extension of a file, nor reverse the line that contains it', async ({
    server,
    bob,
    openApp,
  }) => {
    const name = `Trip ${RLO}2026`;
    const { conversation } = await bob.ok('createGroup', { name, participants: ['alice'] });
    const alice = await openApp(server, { as: 'alice' });
    await alice.openChat('Trip [U+202E]2026');
    await alice.page
      .getByTestId('system-message')
      .getByText(/created “.?Trip \[U\+202E\]2026.?”/)
      .waitFor();
    await bob.ok('sendMessage', {
      conversationId: conversation._id,
      clientMessageId: 'file-1',
      content: '',
      attachments: [
        { kind: 'file', url: 'https://files.example/1', name: `invoice${RLO}fdp.\u05D0\u05D1 7.exe` },
      ],
    });
    const file = alice.page.getByTestId('file-name');
    await file.waitFor();
    const shown = 'invoice[U+202E]fdp.\u05D0\u05D1 7.exe';
    expect((await file.textContent())?.replaceAll(ISOLATES, '')).toBe(shown);
    const base = await middleOf(alice, 'file-name', '\u05D0\u05D1');
    expect(await middleOf(alice, 'file-name', '.exe')).toBeGreaterThan(base);
    const preview = alice.chat('Trip [U+202E]2026').getByTestId('preview');
    expect((await preview.textContent())?.replaceAll(ISOLATES, '')).toBe(`Bob Tanaka: ${shown}`);
    // Names of chats beside what was found in them, too.
    await bob.send(conversation._id, 'the walrus');
    await alice.messages('the walrus').waitFor();
    await alice.page.getByPlaceholder('Search chats and messages').fill('walrus');
    await alice.page
      .getByTestId('found-message')
      .getByText(/Trip \[U\+202E\]2026/)
      .waitFor();
    alice.expectNoFaults();
  });

  it('keeps its position next to names that are written from right to left', async ({ server, openApp }) => {
    const dana = await server.connectAs('dana', { token: server.token('dana', { name: 'דנה' }) });
    const { conversation } = await dana.ok('createGroup', { name: 'Lunch', participants: ['carol'] });
    await dana.send(conversation._id, '5 pm?');
    const carol = await openApp(server, { as: 'carol' });
    const preview = carol.chat('Lunch').getByTestId('preview');
    await preview.getByText('5 pm?').waitFor();
    const [name, text] = [await middleOf(carol, 'preview', 'דנה'), await middleOf(carol, 'preview', '5')];
    expect(text).toBeGreaterThan(name);
    await dana.send(conversation._id, `seen ${RLO}reversed`);
    await preview.getByText('seen reversed').waitFor();
    expect(await preview.textContent()).not.toContain(RLO);
    carol.expectNoFaults();
  });

  it('is text, whatever it looks like; only web addresses are links, out of the app', async ({
    server,
    bob,
    openApp,
  }) => {
    const id = await bob.open('dan');
    const nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>&amp; "\'';
    await bob.send(id, nasty);
    const dan = await openApp(server, { as: 'dan' });
    await dan.chat('Bob Tanaka').getByText(nasty).waitFor();
    await dan.openChat('Bob Tanaka');
    await dan.messages(nasty).waitFor();
    expect(await dan.page.getByTestId('message').locator('img, script').count()).toBe(0);
    const words = 'Look: https://example.com/a_(b), <b>not</b> javascript:alert(1)';
    await bob.send(id, words);
    const shown = dan.page.getByTestId('message-text').filter({ hasText: 'Look:' });
    await shown.waitFor();
    const link = shown.getByRole('link');
    expect(await link.count()).toBe(1);
    expect(await link.textContent()).toBe('https://example.com/a_(b)');
    const attributes = await Promise.all(['href', 'target', 'rel'].map((one) => link.getAttribute(one)));
    expect(attributes).toEqual(['https://example.com/a_(b)', '_blank', 'noopener noreferrer nofollow']);
    expect(await shown.textContent()).toBe(words);
    expect(await shown.locator('b').count()).toBe(0);
    expect(await dan.page.title()).toBe('Parley');
    dan.expectNoFaults();
  });
});
