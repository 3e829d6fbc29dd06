import { expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const line = ({ page }: AppWindow, text: RegExp) => page.getByTestId('system-message').getByText(text);

describeInBrowser('roles in groups and channels of the app', () => {
  it('an owner adds, promotes, renames and leaves; all members see it', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    const bob = await openApp(server, { as: 'bob' });
    await alice.page.getByRole('button', { name: 'New', exact: true }).click();
    await alice.page.getByRole('menuitem', { name: 'New group' }).click();
    await alice.page.getByLabel('Name', { exact: true }).fill('Weekend hike');
    await alice.page.getByRole('checkbox', { name: /Bob Tanaka/ }).click();
    await alice.page.getByRole('button', { name: 'Create' }).click();
    await alice.isOpen('Weekend hike');
    await line(alice, /^.?You.? created “.?Weekend hike.?”$/).waitFor();
    await bob.openChat('Weekend hike');
    await bob.write('Count me in');
    await alice.messages('Count me in').getByText('Bob Tanaka').waitFor();

    await alice.page.getByTestId('chat-title').click();
    const info = alice.page.getByRole('dialog', { name: 'Group', exact: true });
    await info.getByText('2 members').waitFor();
    await info.getByRole('button', { name: 'Add members' }).click();
    await alice.page.getByRole('checkbox', { name: /Carol Osei/ }).click();
    await alice.page.getByRole('button', { name: 'Add', exact: true }).click();
    await info.getByText('3 members').waitFor();
    await info.getByRole('button', { name: 'More: Bob Tanaka' }).click();
    await alice.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await info.getByRole('button', { name: /^Bob Tanaka, Admin/ }).waitFor();
    await info.getByRole('button', { name: 'Edit group' }).click();
    await alice.page.getByLabel('Name', { exact: true }).fill('Lake trail');
    await alice.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByTestId('chat-title').getByText('Lake trail').waitFor();
    await line(bob, /^.?Alice Moreau.? added .?Carol Osei.?$/).waitFor();
    await line(bob, /^.?Alice Moreau.? named the group “.?Lake trail.?”$/).waitFor();

    // One press makes no owner.
    await info.getByRole('button', { name: 'More: Bob Tanaka' }).click();
    await alice.page.getByRole('menuitem', { name: 'Make owner' }).click();
    await alice.confirm('Cancel');
    await info.getByRole('button', { name: 'Leave group' }).click();
    await alice.confirm('Leave group');
    await alice.page.getByText('Pick a conversation').waitFor();
    await alice.chat('Lake trail').waitFor({ state: 'detached' });
    await line(bob, /^.?Alice Moreau.? left\. New owner: .?You.?$/).waitFor();
    alice.expectNoFaults();
    bob.expectNoFaults();
  });

  it('offers what the role allows, while the role changes; a removed member is shown out', async ({
    server,
    openApp,
  }) => {
    const carol = await server.connectAs('carol');
    const { conversation } = await carol.ok('createGroup', {
      name: 'Book club',
      participants: ['dan', 'eva'],
    });
    const conversationId = conversation._id;
    const dan = await openApp(server, { as: 'dan' });
    const { page } = dan;
    await dan.openChat('Book club');
    await carol.send(conversationId, 'chapter one');
    const itemsOfMessage = async () => {
      await dan.messages('chapter one').getByTestId('bubble').click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Info' }).waitFor();
      const items = await page.getByRole('menuitem').allTextContents();
      await page.keyboard.press('Escape');
      await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
      return items;
    };
    expect(await itemsOfMessage()).toEqual(['Reply', 'Copy', 'Info', 'Report', 'Delete']);
    await page.getByTestId('chat-title').click();
    const info = page.getByRole('dialog', { name: 'Group', exact: true });
    const itemsAbout = async (name: string) => {
      await info.getByRole('button', { name: `More: ${name}` }).click();
      await page.getByRole('menuitem', { name: 'Report' }).waitFor();
      const items = await page.getByRole('menuitem').allTextContents();
      await page.keyboard.press('Escape');
      await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
      return items;
    };
    await info.getByRole('button', { name: /^Eva Novak, Member/ }).waitFor();
    expect(await info.getByRole('button', { name: /Add members|Edit group/ }).count()).toBe(0);
    expect(await itemsAbout('Eva Novak')).toEqual(['Report']);
    await carol.ok('setRole', { conversationId, userId: 'dan', role: 'admin' });
    await info.getByRole('button', { name: 'Add members' }).waitFor();
    await info.getByRole('button', { name: 'Edit group' }).waitFor();
    expect(await itemsAbout('Eva Novak')).toEqual(['Report', 'Remove from the group']);
    expect(await itemsAbout('Carol Osei')).toEqual(['Report']);
    await carol.ok('setRole', { conversationId, userId: 'dan', role: 'owner' });
    await expect
      .poll(() => itemsAbout('Carol Osei'), PATIENT)
      .toEqual(['Remove as admin', 'Make owner', 'Report', 'Remove from the group']);
    await page.keyboard.press('Escape');
    await info.waitFor({ state: 'detached' });
    expect(await itemsOfMessage()).toEqual(['Reply', 'Copy', 'Pin', 'Info', 'Report', 'Delete']);

    const owner = await server.connectAs('dan');
    await owner.ok('setRole', { conversationId, userId: 'carol', role: 'owner' });
    await carol.ok('removeMember', { conversationId, userId: 'dan' });
    await page.getByText(/You were removed from .*Book club/).waitFor();
    await page.getByText('Pick a conversation').waitFor();
    await dan.chat('Book club').waitFor({ state: 'detached' });
    expect(new URL(page.url()).hash).toBe('#/');
    dan.expectNoFaults();
  });

  it('a channel is joined by its id, read live, and written to only by its owner', async ({
    server,
    openApp,
  }) => {
    const eva = await server.connectAs('eva');
    const { conversation } = await eva.ok('createGroup', {
      type: 'channel',
      name: 'City news',
      participants: [],
    });
    const id = conversation._id;
    const first = await eva.ok('sendMessage', {
      conversationId: id,
      content: 'first',
      clientMessageId: 'c-1',
    });
    const farid = await openApp(server, { as: 'farid' });
    const { page } = farid;
    await page.getByRole('button', { name: 'New', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Join by id' }).click();
    const dialog = page.getByRole('dialog', { name: 'Join by id' });
    const field = dialog.getByLabel('Id of an open group or channel');
    const join = dialog.getByRole('button', { name: 'Join', exact: true });
    await field.fill('no id');
    expect(await join.isDisabled()).toBe(true);
    await field.fill('0'.repeat(24));
    await join.click();
    await dialog.getByText('It does not exist, or not everyone may join.').waitFor();
    await field.fill(` ${id} `);
    await field.press('Enter');
    await farid.messages('first').waitFor();
    await page.getByText('Only the owner and admins post in this channel.').waitFor();
    expect(await farid.composer.count()).toBe(0);

    const message = { conversationId: id, content: 'second', clientMessageId: 'c-2' };
    const second = await eva.ok('sendMessage', message);
    await farid.messages('second').waitFor();
    await eva.ok('editMessage', { conversationId: id, seq: first.seq, content: 'first, corrected' });
    await farid.messages('first, corrected').waitFor();
    // The dialog shows what was counted when it was opened.
    const counts = () => eva.ok('getReceipts', { conversationId: id, seq: second.seq });
    await expect.poll(counts, PATIENT).toMatchObject({ readCount: 1 });
    // Readers are offered no answer, and see how many have read.
    await farid.messages('second').getByTestId('bubble').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Info' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'Reply' }).count()).toBe(0);
    await page.getByRole('menuitem', { name: 'Info' }).click();
    await page.getByRole('dialog', { name: 'Info' }).getByText('Read by 1 of 1').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();

    // Not open any more: only its head is pushed, and opening it loads the message.
    await farid.startChat('Carol Osei');
    await eva.send(id, 'third');
    await farid.chat('City news').getByText('1', { exact: true }).waitFor();
    await farid
      .chat('City news')
      .getByTestId('preview')
      .getByText(/^.{0,2}Eva Novak.?: .?third.?$/)
      .waitFor();
    await farid.chat('City news').click();
    await farid.messages('third').waitFor();
    farid.expectNoFaults();
  });
});
