import { expect } from 'vitest';
import { until } from '../support/until.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it as base } from './support/windows.js';

/** Creates a group for one test. @returns Alice’s window with the group open, and a function that sends as Bob. */
const it = base.extend('startGroup', ({ open, server, bob }) => async (name: string) => {
  const { conversation } = await bob.ok('createGroup', { name, participants: ['alice', 'carol'] });
  const alice = await open(server, { as: 'alice' });
  await alice.openChat(name);
  let counter = 0;
  const say = (content: string, more: object = {}) =>
    bob.ok('sendMessage', {
      ...{ conversationId: conversation._id, content, clientMessageId: `m-${(counter += 1)}` },
      ...more,
    });
  return { id: conversation._id, alice, say };
});

describeInBrowser('messages', () => {
  it('are replied to, edited, reacted to, pinned and deleted: all members see each change at once', async ({
    startGroup,
    bob,
  }) => {
    const { id, alice, say } = await startGroup('Live');
    const question = await say('Shall we?');
    await alice.onMessage('Shall we?', 'Reply');
    await alice.page.getByText('Reply to Bob Tanaka').waitFor();
    await alice.write('Yes, at nime');
    const { seq } = await bob.next('message:new', ({ content }) => content === 'Yes, at nime');
    await alice.messages('Yes, at nime').locator('.quote', { hasText: 'Shall we?' }).waitFor();
    // A message can be edited once it is acknowledged, which may be after others have it.
    await alice.messages('Yes, at nime').and(alice.page.locator('.sent')).waitFor();

    await alice.composer.press('ArrowUp');
    await alice.page.locator('.composer-mode', { hasText: 'Edit message' }).waitFor();
    await alice.write('Yes, at nine');
    await alice.messages('Yes, at nine').getByText('edited').waitFor();
    await bob.next('message:updated', ({ message }) => message?.content === 'Yes, at nine');
    expect(await alice.composer.inputValue()).toBe('');

    await alice.onMessage('Shall we?', 'React with ❤️');
    const own = alice.messages('Shall we?').getByRole('button', { name: '❤️, 1, yours too' });
    await own.waitFor();
    await bob.ok('react', { conversationId: id, seq: question.seq, emoji: '❤️', on: true });
    await alice.messages('Shall we?').getByRole('button', { name: '❤️, 2, yours too' }).click();
    await alice.messages('Shall we?').getByRole('button', { name: '❤️, 1', exact: true }).waitFor();

    await bob.ok('pinMessage', { conversationId: id, seq: question.seq, pinned: true });
    await alice.page.locator('.pinned-bar', { hasText: 'Shall we?' }).waitFor();
    await bob.ok('deleteMessage', { conversationId: id, seq: question.seq, for: 'everyone' });
    await alice.page.locator('.text.deleted').waitFor();
    await alice.page.locator('.pinned-bar').waitFor({ state: 'hidden' });
    await alice.messages('Yes, at nine').locator('.quote', { hasText: 'This message was deleted' }).waitFor();
    expect(await alice.page.content()).not.toContain('Shall we?');

    await alice.onMessage('Yes, at nine', 'Delete');
    await alice.confirm('For everyone');
    await bob.next('message:deleted', (change) => change.seq === seq);
    await alice.messages('Yes, at nine').waitFor({ state: 'detached' });
    expect(alice.complaints).toEqual([]);
  });

  it('show changes that were made while the user was away, also after a reload', async ({
    startGroup,
    bob,
    open,
    server,
  }) => {
    const { id, alice, say } = await startGroup('Away');
    const [one, two, three] = [await say('one'), await say('two'), await say('three')];
    await alice.messages('three').waitFor();
    await bob.next(
      'message:status',
      ({ conversationId, readSeq }) => conversationId === id && readSeq >= three.seq,
    );
    await alice.page.context().setOffline(true);
    await alice.page.evaluate('dispatchEvent(new Event("pagehide"))');
    await alice.page.close();
    await bob.ok('editMessage', { conversationId: id, seq: one.seq, content: 'one, edited' });
    await bob.ok('deleteMessage', { conversationId: id, seq: two.seq, for: 'everyone' });
    await bob.ok('react', { conversationId: id, seq: three.seq, emoji: '👍', on: true });
    await bob.ok('pinMessage', { conversationId: id, seq: three.seq, pinned: true });

    const page = await open(server, {
      ...{ as: 'alice', beside: alice },
      prepare: (window) => window.context().setOffline(false),
    });
    await page.openChat('Away');
    await page.messages('one, edited').waitFor();
    await page.page.locator('.text.deleted').waitFor();
    await page.messages('three').getByRole('button', { name: '👍, 1' }).waitFor();
    await page.page.locator('.pinned-bar', { hasText: 'three' }).waitFor();
    expect(await page.texts()).toEqual(['one, edited', 'This message was deleted', 'three']);
    await until(
      async () => {
        const stored = JSON.stringify(await storedRecords(page));
        return stored.includes('\\"three\\"') && !stored.includes('\\"two\\"');
      },
      { what: 'the deleted text to leave the storage' },
    );
  });

  it('carry pictures, voice, files, locations and cards, and links lead only to web addresses', async ({
    startGroup,
    bob,
    server,
  }) => {
    const { alice, say } = await startGroup('Carried');
    const url = `${server.url}/favicon.svg`;
    await say('a picture', { attachments: [{ kind: 'image', url, name: 'logo', width: 32, height: 32 }] });
    await say('', {
      attachments: [
        { kind: 'file', url: 'https://example.com/a.pdf', name: '<b>a.pdf</b>', sizeBytes: 2048 },
      ],
    });
    await say('', { location: { latitude: 47.5, longitude: 11, title: 'Lake' } });
    await say('', { card: { kind: 'product', title: 'Lamp', price: { amount: '49.90', currency: 'EUR' } } });
    await alice.page.getByRole('img', { name: 'logo' }).waitFor();
    await alice.page.getByRole('link', { name: /<b>a.pdf<\/b>/ }).waitFor();
    await alice.page.locator('.card', { hasText: '€49.90' }).waitFor();
    const links = await alice.page.locator('.messages a').all();
    const hrefs = await Promise.all(links.map((link) => link.getAttribute('href')));
    expect(hrefs.map((href) => new URL(href ?? '').protocol)).toEqual(['http:', 'https:', 'https:']);
    for (const link of links) expect(await link.getAttribute('rel')).toContain('noopener');

    await alice.page.getByRole('button', { name: 'Attach' }).click();
    await alice.page.getByRole('menuitem', { name: 'Product' }).click();
    const dialog = alice.page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Desk');
    await dialog.getByLabel('Price').fill('120');
    await dialog.getByRole('button', { name: 'Send' }).click();
    const sent = await bob.next('message:new', ({ kind }) => kind === 'card');
    expect(sent).toMatchObject({ card: { title: 'Desk', price: { amount: '120', currency: 'EUR' } } });
    expect(alice.faults).toEqual([]);
  });
});
