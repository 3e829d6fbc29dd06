import { expect } from 'vitest';
import type { ChatWindow } from './support/browser.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('a group', () => {
  const line = (window: ChatWindow, text: string) => window.page.locator('.row-system', { hasText: text });

  it('is created, grows, changes owner and name, and is left; all members see it', async ({
    open,
    server,
  }) => {
    const alice = await open(server, { as: 'alice' });
    const bob = await open(server, { as: 'bob' });
    await alice.page.getByRole('button', { name: 'New', exact: true }).click();
    await alice.page.getByRole('menuitem', { name: 'New group or channel' }).click();
    const dialog = alice.page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Weekend hike');
    await dialog.getByRole('checkbox', { name: /Bob Tanaka/ }).click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await alice.page.getByRole('heading', { name: 'Weekend hike', level: 2 }).waitFor();
    await line(alice, 'You created “Weekend hike”').waitFor();
    await bob.openChat('Weekend hike');
    await bob.write('Count me in');
    await alice.messages('Count me in').waitFor();
    await alice.page.locator('.author', { hasText: 'Bob Tanaka' }).waitFor();
    await bob.page.locator('.row.read').or(bob.page.locator('.seen-by')).first().waitFor();

    await alice.page.getByRole('button', { name: 'About this conversation' }).click();
    const info = alice.page.getByRole('dialog', { name: 'Group' });
    await info.getByRole('button', { name: 'Add people' }).click();
    const add = alice.page.getByRole('dialog', { name: 'Add members' });
    await add.getByRole('checkbox', { name: /Carol Osei/ }).click();
    await add.getByRole('button', { name: 'Add', exact: true }).click();
    await info.getByText('3 members').waitFor();
    await info.getByRole('button', { name: 'What to do with Bob Tanaka' }).click();
    await alice.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await info.locator('.role', { hasText: 'Admin' }).waitFor();
    await info.getByRole('button', { name: 'Edit group' }).click();
    const edit = alice.page.getByRole('dialog', { name: 'Edit group' });
    await edit.getByLabel('Name', { exact: true }).fill('Lake trail');
    await edit.getByRole('button', { name: 'Save' }).click();
    for (const text of ['Alice Moreau added Carol Osei', 'Alice Moreau named the group “Lake trail”']) {
      await line(bob, text).waitFor();
    }
    await bob.page.getByRole('heading', { name: 'Lake trail', level: 2 }).waitFor();
    await info.getByRole('button', { name: 'Leave group' }).click();
    await alice.confirm('Leave');
    await alice.page.getByRole('heading', { name: 'Pick a conversation' }).waitFor();
    await line(bob, 'Alice Moreau left. You are the owner now').waitFor();
    expect(await alice.page.locator('.conversation').count()).toBe(0);
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('offers only what the role allows, and disappears for removed members', async ({ open, server }) => {
    const carol = await server.connectAs('carol');
    const { conversation } = await carol.ok('createGroup', {
      name: 'Book club',
      participants: ['dan', 'eva'],
    });
    const dan = await open(server, { as: 'dan' });
    await dan.openChat('Book club');
    await dan.page.getByRole('button', { name: 'About this conversation' }).click();
    const info = dan.page.getByRole('dialog', { name: 'Group' });
    await info.getByText('Eva Novak').waitFor();
    expect(await info.getByRole('button', { name: /Add people|Edit group/ }).count()).toBe(0);
    await info.getByRole('button', { name: 'What to do with Eva Novak' }).click();
    await dan.page.getByRole('menuitem', { name: 'Write to them' }).waitFor();
    expect(await dan.page.getByRole('menuitem', { name: /admin|Remove/ }).count()).toBe(0);
    await dan.page.keyboard.press('Escape');
    await dan.page.keyboard.press('Escape');
    await info.waitFor({ state: 'hidden' });

    await carol.ok('removeMember', { conversationId: conversation._id, userId: 'dan' });
    await dan.page.getByText('You were removed from Book club').waitFor();
    await dan.page.getByRole('heading', { name: 'Pick a conversation' }).waitFor();
    expect(await dan.chat('Book club').count()).toBe(0);
    expect(new URL(dan.page.url()).hash).toBe('#/');
  });

  it('that is a channel is joined by its id, read live, and written to only by its owner', async ({
    open,
    server,
  }) => {
    const eva = await server.connectAs('eva');
    const { conversation } = await eva.ok('createGroup', {
      ...{ type: 'channel', name: 'City news', participants: [] },
    });
    const id = conversation._id;
    const first = await eva.ok('sendMessage', {
      conversationId: id,
      content: 'first',
      clientMessageId: 'c-1',
    });
    const farid = await open(server, { as: 'farid' });
    await farid.page.getByRole('button', { name: 'New', exact: true }).click();
    await farid.page.getByRole('menuitem', { name: 'New group or channel' }).click();
    const dialog = farid.page.getByRole('dialog');
    await dialog.getByText('Join one by its id').click();
    await dialog.getByLabel('Id of an open channel or group').fill(id);
    await dialog.getByRole('button', { name: 'Join' }).click();
    await farid.messages('first').waitFor();
    await farid.page.getByText('Only the owner and admins post in this channel.').waitFor();
    expect(await farid.composer.isVisible()).toBe(false);

    await eva.send(id, 'second');
    await farid.messages('second').waitFor();
    await eva.ok('editMessage', { conversationId: id, seq: first.seq, content: 'first, corrected' });
    await farid.messages('first, corrected').waitFor();
    await farid.onMessage('second', 'Seen by');
    await farid.page.getByText('of 1 other has seen this message').waitFor();
    await farid.page.keyboard.press('Escape');

    // The channel is not open any more: only its head is pushed, the list shows a new message, and opening it loads the
    // message.
    await farid.page.keyboard.press('Escape');
    await farid.page.getByRole('heading', { name: 'Pick a conversation' }).waitFor();
    await eva.send(id, 'third');
    await farid.chat('City news').locator('.badge', { hasText: '1' }).waitFor();
    await farid.chat('City news').getByText('Eva Novak: third').waitFor();
    await farid.openChat('City news');
    await farid.messages('third').waitFor();
    expect(farid.complaints).toEqual([]);
  });
});
