import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it as base } from './support/windows.js';

const DELETED = 'This message was deleted';

/** Creates a group of Bob's for one test. @returns Alice’s window with the group open, and functions that act as Bob. */
const it = base.extend('startGroup', ({ openApp, server, bob }) => async (name: string) => {
  const { conversation } = await bob.ok('createGroup', { name, participants: ['alice'] });
  const conversationId = conversation._id;
  const alice = await openApp(server, { as: 'alice' });
  await alice.openChat(name);
  const say = (content: string, more: object = {}) =>
    bob.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID(), ...more });
  const remove = (seq: number) => bob.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
  return { alice, say, remove };
});

describeInBrowser('a message that is deleted while something with it is under way', () => {
  it('leaves the picture viewer, which keeps the focus on the chat when it closes', async ({
    startGroup,
    server,
  }) => {
    const { alice, say, remove } = await startGroup('Viewer');
    const { page } = alice;
    const url = `${server.url}/favicon.svg`;
    const { seq } = await say('a picture', { attachments: [{ kind: 'image', url, name: 'logo' }] });
    const picture = page.getByRole('button', { name: 'Open the picture: logo' });
    const viewer = page.getByRole('dialog', { name: /Picture/ });
    await picture.focus();
    await page.keyboard.press('Enter');
    await viewer.waitFor();
    await page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
    const label = () => page.evaluate<string | null>(`document.activeElement?.getAttribute('aria-label')`);
    await expect.poll(label, PATIENT).toMatch(/Open the picture/);
    await page.keyboard.press('Enter');
    await viewer.waitFor();
    await remove(seq);
    await viewer.waitFor({ state: 'detached' });
    await page.getByRole('status').getByText(DELETED).waitFor();
    const isOnPage = () => page.evaluate<boolean>(`document.activeElement === document.body`);
    await expect.poll(isOnPage, PATIENT).toBe(false);
    alice.expectNoFaults();
  });

  it('is not shown above the message field, also when its answer was left and is shown again', async ({
    startGroup,
  }) => {
    const { alice, say, remove } = await startGroup('Answers');
    const { page } = alice;
    const [one, two] = [await say('secret one'), await say('secret two')];
    const banner = page.getByText(/^Reply to .?Bob Tanaka.?$/).locator('..');
    await alice.onMessage('secret one', 'Reply');
    await banner.getByText('secret one').waitFor();
    await remove(one.seq);
    await banner.getByText(DELETED).waitFor();
    expect(await page.getByRole('main').textContent()).not.toContain('secret one');
    await alice.onMessage('secret two', 'Reply');
    await banner.getByText('secret two').waitFor();
    await page.evaluate(`location.hash = '#/'`);
    await page.getByText('Pick a conversation').waitFor();
    await remove(two.seq);
    await alice.openChat('Answers');
    await banner.getByText(DELETED).waitFor();
    expect(await page.getByRole('main').textContent()).not.toContain('secret two');
    alice.expectNoFaults();
  });

  it('ends its edit', async ({ startGroup, server, openApp }) => {
    const { alice } = await startGroup('Edits');
    const other = await openApp(server, { as: 'alice' });
    await other.openChat('Edits');
    await alice.composer.fill('my own');
    await alice.composer.press('Enter');
    await alice.hasTick('my own', 'sent');
    await alice.composer.fill('a draft');
    await alice.onMessage('my own', 'Edit');
    await alice.composer.fill('my own, edited');
    await other.onMessage('my own', 'Delete');
    await other.confirm('Delete for everyone');
    await alice.page.getByRole('status').getByText(DELETED).waitFor();
    await alice.page.getByText('Edit message').waitFor({ state: 'detached' });
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('a draft');
    alice.expectNoFaults();
  });
});

describeInBrowser('a message that is edited elsewhere while its edit is open', () => {
  it('is edited as it is now, or the banner says that it has changed', async ({
    startGroup,
    server,
    openApp,
  }) => {
    const { alice } = await startGroup('Twice');
    const other = await openApp(server, { as: 'alice' });
    await other.openChat('Twice');
    await alice.write('first');
    await alice.hasTick('first', 'sent');
    await alice.onMessage('first', 'Edit');
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('first');
    const edit = async (before: string, after: string): Promise<void> => {
      await other.onMessage(before, 'Edit');
      await expect.poll(() => other.composer.inputValue(), PATIENT).toBe(before);
      await other.write(after);
    };
    await edit('first', 'second');
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('second');
    await alice.composer.fill('second, and more');
    await edit('second', 'third');
    const warning = alice.page.getByRole('alert').getByText(/^Edited meanwhile/);
    await warning.waitFor();
    await warning.locator('..').getByText('third').waitFor();
    expect(await alice.composer.inputValue()).toBe('second, and more');
    // With the text of the other one, nothing would be overwritten.
    await alice.composer.fill('third');
    await warning.waitFor({ state: 'detached' });
    await alice.write('fourth');
    await alice.messages('fourth').waitFor();
    await alice.page.getByText('Edit message').waitFor({ state: 'detached' });
    expect(await warning.count()).toBe(0);
    alice.expectNoFaults();
  });
});
