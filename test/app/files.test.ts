import sharp from 'sharp';
import { expect } from 'vitest';
import { textFile } from '../attachments/support/files.js';
import { until } from '../support/until.js';
import { PATIENT } from './support/appWindow.js';
import { bring, choose, drawnPictures, FILES, holdUploads, photoNamed } from './support/files.js';
import { describeInBrowser, it as base } from './support/windows.js';

/** Opens Alice's and Bob's windows on a group of their own. */
const it = base.extend('pair', ({ openApp, server, bob }) => async (name: string) => {
  await bob.ok('createGroup', { name, participants: ['alice'] });
  const [alice, other] = await Promise.all([
    openApp(server, { as: 'alice' }),
    openApp(server, { as: 'bob' }),
  ]);
  await Promise.all([alice.openChat(name), other.openChat(name)]);
  return { alice, bob: other };
});

describeInBrowser('files in the app', () => {
  it('a chosen picture is shown before it is sent, goes out with its caption, and opens on the other side', async ({
    server,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    const bob = await openApp(server, { as: 'bob' });
    await alice.startChat('Bob Tanaka');
    const picture = { width: 90, height: 60, channels: 3 as const, background: '#c2185b' };
    const buffer = await sharp({ create: picture }).png().toBuffer();
    const choosing = alice.page.waitForEvent('filechooser');
    await alice.page.getByRole('button', { name: 'Attach' }).click();
    await alice.page.getByRole('menuitem', { name: 'Photo' }).click();
    await (
      await choosing
    ).setFiles([
      { name: 'one.png', mimeType: 'image/png', buffer },
      { name: 'two.png', mimeType: 'image/png', buffer: Buffer.concat([buffer, Buffer.from('x')]) },
    ]);
    await alice.page.getByRole('button', { name: /^Remove .*two\.png/ }).click();
    await alice.page.getByRole('button', { name: /^Remove .*two\.png/ }).waitFor({ state: 'detached' });
    await alice.write('look at this');
    await alice.page.getByRole('button', { name: /^Remove .*one\.png/ }).waitFor({ state: 'detached' });
    await alice.hasTick('look at this', 'delivered');
    await bob.openChat('Alice Moreau');
    await bob
      .messages('look at this')
      .getByRole('button', { name: /Open the picture: one/ })
      .click();
    const viewer = bob.page.getByRole('dialog', { name: /Picture/ });
    await viewer.getByRole('img', { name: /one/ }).waitFor();
    const isLoaded = `[...document.querySelectorAll('[role=dialog] img')].some((image) => image.naturalWidth === 90)`;
    await expect.poll(() => bob.page.evaluate<boolean>(isLoaded), { timeout: 60_000 }).toBe(true);
    await bob.page.keyboard.press('Escape');
    alice.expectNoFaults();
    bob.expectNoFaults();
  });

  it('pasted and dropped pictures are shown with their progress, before and after sending, and arrive', async ({
    pair,
  }) => {
    const { alice, bob } = await pair('Pasted');
    const release = await holdUploads(alice.page);
    await bring(alice, 'paste', await photoNamed('pasted.jpg'));
    await bring(alice, 'drop', await photoNamed('dropped.jpg'));
    const tray = alice.page.getByRole('group', { name: 'Files to send' });
    await tray.getByRole('progressbar', { name: /Uploading .*pasted\.jpg/ }).waitFor();
    await tray.getByRole('progressbar', { name: /Uploading .*dropped\.jpg/ }).waitFor();
    await alice.write('look');
    await tray.waitFor({ state: 'detached' });
    await expect.poll(() => alice.messages('look').getByTestId('pending-file').count(), PATIENT).toBe(2);
    await expect.poll(() => drawnPictures(alice), PATIENT).toBe(2);
    await alice.hasTick('look', 'sending');
    // A text does not wait for them.
    await alice.write('a text');
    await bob.messages('a text').waitFor();
    release();
    const opened = bob.messages('look').getByRole('button', { name: /Open the picture/ });
    await expect.poll(() => opened.count(), PATIENT).toBe(2);
    await expect.poll(() => drawnPictures(bob), PATIENT).toBe(2);
    await expect.poll(() => drawnPictures(alice), PATIENT).toBe(2);
    alice.expectNoFaults();
    bob.expectNoFaults();
  });

  it('without a network, a text, a picture and a text wait; they arrive once and in order', async ({
    pair,
  }) => {
    const { alice, bob } = await pair('Tunnel');
    await alice.page.context().setOffline(true);
    await alice.write('one');
    await bring(alice, 'paste', await photoNamed('two.jpg'));
    await alice.page.getByRole('group', { name: 'Files to send' }).waitFor();
    await alice.write('two');
    await alice.messages('two').getByTestId('pending-file').waitFor();
    await alice.page.context().setOffline(false);
    await alice.hasTick('two', 'read');
    await alice.write('three');
    await bob.messages('three').waitFor();
    await expect.poll(() => drawnPictures(bob), PATIENT).toBe(1);
    expect(await bob.page.getByTestId('message-text').allTextContents()).toEqual(['one', 'two', 'three']);
    alice.expectNoFaults();
    bob.expectNoFaults();
  });

  it('a reload in the midst of an upload loses nothing', async ({ pair }) => {
    const { alice, bob } = await pair('Reload');
    await holdUploads(alice.page);
    await bring(alice, 'paste', await photoNamed('kept.jpg'));
    await alice.page.getByRole('group', { name: 'Files to send' }).waitFor();
    await alice.write('kept');
    await alice.messages('kept').getByTestId('pending-file').waitFor();
    await alice.page.unrouteAll({ behavior: 'ignoreErrors' });
    await alice.page.reload();
    await bob
      .messages('kept')
      .getByRole('button', { name: /Open the picture/ })
      .waitFor();
    await alice.hasTick('kept', 'read');
    await expect.poll(() => drawnPictures(alice), PATIENT).toBe(1);
    expect(await bob.messages('kept').count()).toBe(1);
  });

  it('a file that is cancelled on its way takes its message along', async ({ pair }) => {
    const { alice, bob } = await pair('Cancelled');
    const release = await holdUploads(alice.page);
    await bring(alice, 'paste', await photoNamed('wrong.jpg'));
    await alice.page.getByRole('group', { name: 'Files to send' }).waitFor();
    await alice.page.getByRole('button', { name: 'Send', exact: true }).click();
    await alice
      .messages()
      .getByRole('button', { name: /^Remove .*wrong\.jpg/ })
      .click();
    await expect.poll(() => alice.messages().count(), PATIENT).toBe(0);
    release();
    await alice.write('after it');
    await bob.messages('after it').waitFor();
    expect(await bob.messages().count()).toBe(1);
    alice.expectNoFaults();
  });

  it('a file that the server refuses says why, and can be removed', async ({ pair }) => {
    const { alice } = await pair('Refused');
    await choose(alice, { name: 'fake.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    const tray = alice.page.getByRole('group', { name: 'Files to send' });
    await tray.getByText('The content is not what its name says.').waitFor();
    // Sent all the same, its message says so as well.
    await alice.write('refused');
    await alice.hasTick('refused', 'failed');
    await alice.messages('refused').getByText('Not sent: The content is not what its name says.').waitFor();
    await alice
      .messages('refused')
      .getByRole('button', { name: /^Remove .*fake\.png/ })
      .click();
    alice.expectNoFaults();
  });

  it('refused files among good ones say why, and so does their message', async ({ pair }) => {
    const { alice } = await pair('Mixed');
    const picture = await photoNamed('good.jpg');
    await choose(
      alice,
      { name: 'fake.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
      { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') },
      picture,
    );
    const tray = alice.page.getByRole('group', { name: 'Files to send' });
    await tray.getByText('The content is not what its name says.').waitFor();
    await tray.getByText('The file is empty.').waitFor();
    await alice.write('mixed');
    await alice.hasTick('mixed', 'failed');
    const message = alice.messages('mixed');
    await message.getByText(/^Not sent: The (file is empty|content is not what its name says)\.$/).waitFor();
    for (const name of ['fake.png', 'empty.txt'])
      await message.getByRole('button', { name: new RegExp(`^Remove .*${name}`) }).click();
    await alice.onMessage('mixed', 'Send again');
    await alice.hasTick('mixed', 'delivered');
    expect(await drawnPictures(alice)).toBe(1);
    alice.expectNoFaults();
  });

  it('a file is saved by a press on it', async ({ pair }) => {
    const { alice, bob } = await pair('Saved');
    const { bytes, mimeType } = textFile('some text');
    await choose(alice, { name: 'notes.txt', mimeType, buffer: bytes });
    await alice.write('the notes');
    const downloading = bob.page.waitForEvent('download');
    await bob
      .messages('the notes')
      .getByRole('link', { name: /notes\.txt/ })
      .click();
    expect((await downloading).suggestedFilename()).toBe('notes.txt');
    bob.expectNoFaults();
  });

  it('a picture whose address has expired gets a new one', async ({ pair }) => {
    const { alice, bob } = await pair('Expired');
    await bring(alice, 'paste', await photoNamed('fleeting.jpg'));
    await alice.page.getByRole('group', { name: 'Files to send' }).waitFor();
    await alice.write('fleeting');
    await bob
      .messages('fleeting')
      .getByRole('button', { name: /Open the picture/ })
      .waitFor();
    let refused = 0;
    await bob.page.route(FILES, (route) => {
      refused += 1;
      return refused > 1 ? route.continue() : route.fulfill({ status: 403 });
    });
    await bob.page.reload();
    await expect.poll(() => drawnPictures(bob), PATIENT).toBe(1);
    expect(refused).toBeGreaterThan(1);
  });

  it('a voice message is recorded, sent, and played on the other side', async ({ pair }) => {
    const { alice, bob } = await pair('Voice');
    await alice.page.getByRole('button', { name: 'Record a voice message' }).click();
    const timer = alice.page.getByRole('timer');
    await until(async () => (await timer.textContent()) === '0:02', { what: 'two seconds of sound' });
    await alice.page.getByRole('button', { name: 'Stop and send' }).click();
    const note = bob.messages().filter({ has: bob.page.getByRole('slider') });
    await note.getByText(/^0:0[1-9]$/).waitFor();
    await note.getByRole('button', { name: 'Play' }).click();
    await note.getByRole('button', { name: 'Pause' }).waitFor();
    const slider = note.getByRole('slider');
    await until(async () => Number(await slider.getAttribute('aria-valuenow')) > 0, { what: 'progress' });
    // It ends, and can be played again.
    await note.getByRole('button', { name: 'Play' }).waitFor();
    alice.expectNoFaults();
    bob.expectNoFaults();
  });
});
