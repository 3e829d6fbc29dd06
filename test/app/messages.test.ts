import { expect } from 'vitest';
import { backendOf } from '../backend/support/backend.js';
import { until } from '../support/until.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it as base } from './support/windows.js';

/** Creates a group of Bob's for one test. @returns Alice’s window with the group open, and a function that sends as Bob. */
const it = base.extend('startGroup', ({ openApp, server, bob }) => async (name: string) => {
  const { conversation } = await bob.ok('createGroup', { name, participants: ['alice', 'carol'] });
  const id = conversation._id;
  const alice = await openApp(server, { as: 'alice' });
  await alice.openChat(name);
  const say = (content: string, more: object = {}) =>
    bob.ok('sendMessage', {
      conversationId: id,
      content,
      clientMessageId: crypto.randomUUID(),
      ...more,
    });
  return { id, alice, say };
});

const reaction = (window: AppWindow, text: string, button: { name: RegExp; pressed: boolean }) =>
  window.messages(text).getByRole('button', button);

describeInBrowser('messages in the app', () => {
  it('are replied to, edited, reacted to, pinned and deleted: each change is seen at once', async ({
    startGroup,
    bob,
  }) => {
    const { id, alice, say } = await startGroup('Live');
    const question = await say('Shall we?');
    await alice.onMessage('Shall we?', 'Reply');
    await alice.page.getByText(/^Reply to .?Bob Tanaka.?$/).waitFor();
    await alice.write('Yes, at nime');
    const { seq } = await bob.next('message:new', ({ content }) => content === 'Yes, at nime');
    await alice.messages('Yes, at nime').getByTestId('quote').getByText('Shall we?').waitFor();
    // A message can be edited once it is acknowledged, which may be after others have it.
    await alice.hasTick('Yes, at nime', 'sent');
    await alice.composer.press('ArrowUp');
    await alice.page.getByText('Edit message').waitFor();
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('Yes, at nime');
    await alice.write('Yes, at nine');
    await alice.messages('Yes, at nine').getByText('edited').waitFor();
    await bob.next('message:updated', ({ message }) => message?.content === 'Yes, at nine');
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('');

    await alice.messages('Shall we?').getByTestId('bubble').click({ button: 'right' });
    await alice.page.getByRole('button', { name: /React with .*❤️/ }).click();
    await reaction(alice, 'Shall we?', { name: /❤️.*, 1 reaction$/, pressed: true }).waitFor();
    await bob.ok('react', { conversationId: id, seq: question.seq, emoji: '❤️', on: true });
    await reaction(alice, 'Shall we?', { name: /❤️.*, 2 reactions$/, pressed: true }).click();
    await reaction(alice, 'Shall we?', { name: /❤️.*, 1 reaction$/, pressed: false }).waitFor();

    await bob.ok('pinMessage', { conversationId: id, seq: question.seq, pinned: true });
    await alice.page.getByTestId('pinned').getByText('Shall we?').waitFor();
    await bob.ok('deleteMessage', { conversationId: id, seq: question.seq, for: 'everyone' });
    await alice.page
      .getByTestId('bubble')
      .getByText('This message was deleted', { exact: true })
      .first()
      .waitFor();
    await alice.page.getByTestId('pinned').waitFor({ state: 'detached' });
    await alice.messages('Yes, at nine').getByTestId('quote').getByText('This message was deleted').waitFor();
    expect(await alice.page.content()).not.toContain('Shall we?');

    await alice.onMessage('Yes, at nine', 'Delete');
    await alice.confirm('Delete for everyone');
    await bob.next('message:deleted', (change) => change.seq === seq);
    await alice.messages('Yes, at nine').waitFor({ state: 'detached' });
    alice.expectNoFaults();
  });

  it('have a menu that follows what the others do while it is open', async ({ startGroup, bob }) => {
    const { id, alice, say } = await startGroup('Menus');
    const { seq } = await say('wrong');
    await alice.messages('wrong').getByTestId('bubble').click({ button: 'right' });
    await alice.page.getByRole('menuitem', { name: 'Reply' }).waitFor();
    await bob.ok('editMessage', { conversationId: id, seq, content: 'right' });
    await alice.messages('right').waitFor();
    await alice.page.getByRole('menuitem', { name: 'Reply' }).click();
    await alice.page.getByText('Reply to').waitFor();
    expect(await alice.page.getByRole('main').textContent()).not.toContain('wrong');
    await alice.messages('right').getByTestId('bubble').click({ button: 'right' });
    await alice.page.getByRole('menuitem', { name: 'Copy' }).waitFor();
    await bob.ok('deleteMessage', { conversationId: id, seq, for: 'everyone' });
    await alice.page.getByRole('menuitem', { name: 'Copy' }).waitFor({ state: 'detached' });
    expect(await alice.page.getByRole('menuitem').allTextContents()).toEqual(['Delete']);
    alice.expectNoFaults();
  });

  it('show changes that were made while the window was away, also after a reload', async ({
    startGroup,
    bob,
    openApp,
    server,
  }) => {
    const { id, alice, say } = await startGroup('Away');
    const [one, two, three] = [await say('one'), await say('two'), await say('three')];
    await alice.messages('three').waitFor();
    const isRead = ({ conversationId, readSeq }: { conversationId: string; readSeq: number }) =>
      conversationId === id && readSeq >= three.seq;
    await bob.next('message:status', isRead);
    await alice.page.context().setOffline(true);
    await alice.page.close();
    const place = { conversationId: id };
    await bob.ok('editMessage', { ...place, seq: one.seq, content: 'one, edited' });
    await bob.ok('deleteMessage', { ...place, seq: two.seq, for: 'everyone' });
    await bob.ok('react', { ...place, seq: three.seq, emoji: '👍', on: true });
    await bob.ok('pinMessage', { ...place, seq: three.seq, pinned: true });

    const again = await openApp(server, {
      as: 'alice',
      beside: alice,
      prepare: (page) => page.context().setOffline(false),
    });
    await again.openChat('Away');
    const showsAll = async () => {
      await again.messages('one, edited').waitFor();
      await again.page.getByTestId('bubble').getByText('This message was deleted').waitFor();
      await reaction(again, 'three', { name: /👍.*, 1 reaction$/, pressed: false }).waitFor();
      await again.page.getByTestId('pinned').getByText('three').waitFor();
      // The order of the elements, which screen readers follow.
      const texts = () => again.page.getByTestId('message-text').allTextContents();
      await expect.poll(texts, PATIENT).toEqual(['one, edited', 'three']);
    };
    await showsAll();
    const isForgotten = async () => {
      const stored = JSON.stringify(await storedRecords(again));
      return stored.includes('\\"three\\"') && !stored.includes('\\"two\\"');
    };
    await until(isForgotten, { what: 'the deleted text to leave the storage' });
    await again.page.reload();
    await showsAll();
    again.expectNoFaults();
  });

  it('carry pictures, voice, files, places and cards, whose links lead only to web addresses', async ({
    startGroup,
    server,
    openApp,
  }) => {
    const { alice, say } = await startGroup('Carried');
    const { page } = alice;
    const context = page.context();
    const elsewhere = /example\.com|openstreetmap\.org/;
    await context.route(elsewhere, (route) => route.fulfill({ contentType: 'text/html', body: 'elsewhere' }));
    const url = `${server.url}/favicon.svg`;
    await say('a picture', { attachments: [{ kind: 'image', url, name: 'logo', width: 32, height: 32 }] });
    await say('', {
      attachments: [
        { kind: 'file', url: 'https://example.com/a.pdf', name: '<b>a.pdf</b>', sizeBytes: 2048 },
      ],
    });
    await say('', { attachments: [{ kind: 'voice', url, durationMs: 65_000 }] });
    await say('', { location: { latitude: 47.5, longitude: 11, title: 'Lake' } });
    await say('', { card: { kind: 'product', title: 'Lamp', price: { amount: '49.90', currency: 'EUR' } } });
    await page.getByRole('button', { name: 'Open the picture: logo' }).waitFor();
    await page.getByRole('slider').waitFor();
    await page.getByText('1:05').waitFor();
    await page.getByText('2 kB').waitFor();
    await page.getByText('€49.90').waitFor();
    const follow = async (name: RegExp): Promise<string> => {
      const opening = context.waitForEvent('page');
      await page.getByRole('link', { name }).click();
      const opened = await opening;
      await opened.waitForLoadState();
      // A page that was opened by this one could navigate it.
      expect(await opened.evaluate('opener === null')).toBe(true);
      const address = opened.url();
      await opened.close();
      return address;
    };
    expect(await follow(/Lake/)).toMatch(/^https:\/\/www\.openstreetmap\.org\/\?mlat=47\.5&mlon=11/);
    expect(await follow(/<b>a\.pdf<\/b>/)).toBe('https://example.com/a.pdf');
    // No server stores this. The app does not rely on it.
    await server.app.models.messages.model.updateOne(
      { 'attachments.kind': 'file' },
      { $set: { 'attachments.0.url': 'javascript:document.title="run"' } },
    );
    const again = await openApp(server, { as: 'alice' });
    await again.openChat('Carried');
    await again.page.getByRole('link', { name: /a\.pdf/ }).click();
    await again.page.getByText('This cannot be opened here.').waitFor();
    expect(await again.page.title()).not.toBe('run');
    alice.expectNoFaults();
  });

  it('of the app itself are lines between the others; its cards, and its answers, name it', async ({
    startGroup,
    server,
  }) => {
    const { id, alice, say } = await startGroup('Notices');
    const backend = await backendOf(server);
    await backend.ok('PUT', '/users/parley:system', { body: { name: 'Acme Dating' } });
    const notify = (body: object) => backend.ok('POST', `/conversations/${id}/messages`, { body });
    const { seq } = await say('hello');
    await notify({ content: 'You have matched.' });
    await notify({ card: { kind: 'order', title: 'A bicycle' } });
    await notify({ content: 'Welcome', replyTo: seq });
    const { page } = alice;
    await alice.messages('Welcome').getByTestId('quote').getByText('hello').waitFor();
    await page.getByTestId('system-message').getByText('You have matched.', { exact: true }).waitFor();
    expect(await alice.messages('You have matched.').count()).toBe(0);
    const card = alice.messages().filter({ hasText: 'A bicycle' });
    await card.getByText('Acme Dating').waitFor();
    alice.expectNoFaults();
  });
});
