import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

const RLO = '\u202E';

/**
 * Returns a script that finds the horizontal middle of a text inside of the first element that the selector matches.
 */
const middleOf = (selector: string, text: string) => `(() => {
  const walker = document.createTreeWalker(document.querySelector(${JSON.stringify(selector)}), NodeFilter.SHOW_TEXT);
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
})()`;

describeInBrowser('text of other people', () => {
  it('cannot fake the extension of a file, nor reverse the line that contains it', async ({
    open,
    server,
    bob,
  }) => {
    const { conversation } = await bob.ok('createGroup', {
      name: `Trip ${RLO}2026`,
      participants: ['alice'],
    });
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Trip [U+202E]2026');
    await alice.page.locator('.row-system', { hasText: 'created “Trip [U+202E]2026”' }).waitFor();
    await alice.chat('Trip [U+202E]2026').waitFor();

    await bob.ok('sendMessage', {
      conversationId: conversation._id,
      clientMessageId: 'file-1',
      content: '',
      attachments: [
        { kind: 'file', url: 'https://files.example/1', name: `invoice${RLO}fdp.\u05D0\u05D1 7.exe` },
      ],
    });
    const title = alice.page.locator('.carried-title');
    await title.waitFor();
    expect(await title.textContent()).toBe('invoice[U+202E]fdp.\u05D0\u05D1 7.exe');
    const base = await alice.page.evaluate<number>(middleOf('.carried-title', '\u05D0\u05D1'));
    const extension = await alice.page.evaluate<number>(middleOf('.carried-title', '.exe'));
    expect(extension).toBeGreaterThan(base);
    await alice
      .chat('Trip [U+202E]2026')
      .getByText('Bob Tanaka: invoice[U+202E]fdp.\u05D0\u05D1 7.exe')
      .waitFor();
    expect(alice.complaints).toEqual([]);
  });

  it('keeps its position next to names that are written from right to left', async ({ open, server }) => {
    const dana = await server.connectAs('dana', { token: server.token('dana', { name: 'דנה' }) });
    const { conversation } = await dana.ok('createGroup', { name: 'Lunch', participants: ['carol'] });
    await dana.send(conversation._id, '5 pm?');
    const carol = await open(server, { as: 'carol' });
    await carol.chat('Lunch').getByText('5 pm?').waitFor();
    const name = await carol.page.evaluate<number>(middleOf('.preview-text', 'דנה'));
    const text = await carol.page.evaluate<number>(middleOf('.preview-text', '5'));
    expect(text).toBeGreaterThan(name);

    await dana.send(conversation._id, `seen ${RLO}reversed`);
    const preview = carol.chat('Lunch').locator('.preview-text', { hasText: 'seen reversed' });
    await preview.waitFor();
    expect(await preview.textContent()).not.toContain(RLO);
  });
});

describeInBrowser('a web address in a message', () => {
  it('is a link out of the page, and all other text stays text', async ({ open, server, bob }) => {
    const id = await bob.open('alice');
    await bob.send(id, 'Look: https://example.com/a_(b), <b>not</b> javascript:alert(1)');
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Bob Tanaka');
    const text = alice.page.locator('.messages .text').last();
    await text.waitFor();
    const link = text.getByRole('link');
    expect(await link.count()).toBe(1);
    expect(await link.textContent()).toBe('https://example.com/a_(b)');
    expect(await link.getAttribute('href')).toBe('https://example.com/a_(b)');
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    expect(await text.textContent()).toBe('Look: https://example.com/a_(b), <b>not</b> javascript:alert(1)');
    expect(await text.locator('b').count()).toBe(0);
    expect(alice.complaints).toEqual([]);
  });
});
