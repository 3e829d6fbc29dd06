import { expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const BOB = 'Bob Tanaka';
const CAROL = 'Carol Osei';

const filter = ({ page }: AppWindow, name: string) =>
  page.getByRole('group', { name: 'Show' }).getByRole('button', { name }).click();

/** Waits until the row of a chat says something, or does not say it any more. */
const says = ({ page }: AppWindow, name: string, words: RegExp) =>
  page.getByRole('button', { name: new RegExp(`^${name}.*${words.source}`) }).waitFor();

describeInBrowser('a person’s own list in the app', () => {
  it('is the same on two devices: pinned, muted, marked, archived, cleared, deleted', async ({
    openApp,
    server,
    bob,
  }) => {
    const carol = await server.connectAs('carol');
    const [fromBob, fromCarol] = [await bob.open('alice'), await carol.open('alice')];
    await bob.send(fromBob, 'from Bob');
    await carol.send(fromCarol, 'from Carol');
    const phone = await openApp(server, { as: 'alice' });
    const desk = await openApp(server, { as: 'alice' });
    const names = () => desk.page.getByTestId('conversation-name').allTextContents();
    await expect.poll(names, PATIENT).toEqual([CAROL, BOB]);

    await phone.onChat(BOB, 'Pin');
    await expect.poll(names, PATIENT).toEqual([BOB, CAROL]);
    await phone.onChat(BOB, 'Mute');
    await phone.confirm('Always');
    await says(desk, BOB, /, 1 unread message, Muted, Pinned$/);
    // Without the muted one.
    await expect.poll(() => desk.page.title(), PATIENT).toBe('(1) Parley');
    await phone.onChat(CAROL, 'Mark as read');
    await says(desk, CAROL, /, from Carol$/);
    await phone.onChat(CAROL, 'Mark as unread');
    await says(desk, CAROL, /, Marked as unread$/);
    await filter(desk, 'Unread');
    await desk.openChat(CAROL);
    await says(phone, CAROL, /, from Carol$/);
    await filter(desk, 'All');

    await phone.onChat(CAROL, 'Archive');
    await expect.poll(names, PATIENT).toEqual([BOB]);
    await filter(desk, 'Archived');
    await expect.poll(names, PATIENT).toEqual([CAROL]);
    await carol.send(fromCarol, 'again');
    await desk.chat(CAROL).waitFor({ state: 'detached' });
    await filter(desk, 'All');
    await desk.chat(CAROL).getByText('again').waitFor();

    await phone.onChat(CAROL, 'Clear history');
    await phone.confirm('Clear history');
    await desk.page.getByText('Say hello').waitFor();
    expect(await desk.messages().count()).toBe(0);
    await phone.onChat(BOB, 'Delete chat');
    await phone.confirm('Delete chat');
    await desk.chat(BOB).waitFor({ state: 'detached' });
    await bob.send(fromBob, 'back');
    await desk.openChat(BOB);
    await desk.messages('back').waitFor();
    expect(await desk.page.getByTestId('message-text').allTextContents()).toEqual(['back']);
    phone.expectNoFaults();
    desk.expectNoFaults();
  });

  it('with many conversations can be filtered beyond what is loaded', async ({ openApp, server }) => {
    const dan = await server.connectAs('dan');
    const { conversation } = await dan.ok('createGroup', { name: 'Old group', participants: ['farid'] });
    await dan.send(conversation._id, 'hello');
    const { conversation: away } = await dan.ok('createGroup', {
      name: 'Kept away',
      participants: ['farid'],
    });
    const farid = await server.connectAs('farid');
    await farid.ok('updateSettings', { conversationId: away._id, archived: true });
    const window = await openApp(server, { as: 'farid' });
    await window.chat('Old group').waitFor();
    expect(await window.chat('Kept away').count()).toBe(0);
    await filter(window, 'Archived');
    await window.chat('Kept away').waitFor();
    expect(await window.chat('Old group').count()).toBe(0);
    window.expectNoFaults();
  });

  it('a chat whose newest page the user has deleted for themselves shows what is before it', async ({
    openApp,
    server,
  }) => {
    const [eva, dan] = [await server.connectAs('eva'), await server.connectAs('dan')];
    const conversationId = await dan.open('eva');
    for (let number = 1; number <= 60; number += 1) await dan.send(conversationId, `line ${number}`);
    for (let seq = 3; seq <= 60; seq += 1) await eva.ok('deleteMessage', { conversationId, seq, for: 'me' });
    const window = await openApp(server, { as: 'eva' });
    await window.openChat('Dan Lindqvist');
    await window.messages('line 2').waitFor();
    expect(await window.page.getByTestId('message-text').allTextContents()).toEqual(['line 1', 'line 2']);
    for (const seq of [1, 2]) await eva.ok('deleteMessage', { conversationId, seq, for: 'me' });
    await window.page.getByText('Say hello').waitFor();
    window.expectNoFaults();
  });
});
