import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { photo, textFile } from '../attachments/support/files.js';
import { until } from '../support/until.js';
import { describeInBrowser, it as base } from './support/windows.js';

const FILES = '**/files/**';

/** Opens Alice's and Bob's windows on a group of their own. */
const it = base.extend('pair', ({ open, server, bob }) => async (name: string) => {
  await bob.ok('createGroup', { name, participants: ['alice'] });
  const [alice, other] = await Promise.all([open(server, { as: 'alice' }), open(server, { as: 'bob' })]);
  await Promise.all([alice.openChat(name), other.openChat(name)]);
  return { alice, bob: other };
});

const choose = async (page: Page, ...files: { name: string; mimeType: string; buffer: Buffer }[]) => {
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('menuitem', { name: 'Photos and files' }).click();
  await (await choosing).setFiles(files);
};

const photoFile = async () => {
  const { bytes, mimeType, fileName } = await photo();
  return { name: fileName, mimeType, buffer: bytes };
};

/** Whether the picture with this name is there, and drawn. */
const isDrawn = (page: Page, name: string) =>
  page
    .getByRole('img', { name })
    .last()
    .evaluate((image) => 'naturalWidth' in image && Number(image.naturalWidth) > 0);

describeInBrowser('files', () => {
  it('are chosen, shown with their progress, and arrive in the other window', async ({ pair }) => {
    const { alice, bob } = await pair('Photos');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await alice.page.route(FILES, async (route) => {
      if (route.request().method() === 'PUT') await held;
      await route.continue();
    });
    const { bytes } = textFile('some text');
    await choose(alice.page, await photoFile(), {
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: bytes,
    });
    const drafts = alice.page.getByRole('group', { name: 'Files to send' });
    await drafts.getByRole('progressbar', { name: 'Upload of photo.jpg' }).waitFor();
    await drafts.locator('img.upload-picture').waitFor();
    await alice.write('look');
    await drafts.waitFor({ state: 'hidden' });
    await alice.messages('look').locator('.upload').first().waitFor();
    // A text does not wait for it.
    await alice.write('a text');
    await bob.messages('a text').waitFor();
    release();
    await bob.messages('look').getByRole('img', { name: 'photo.jpg' }).waitFor();
    await until(() => isDrawn(bob.page, 'photo.jpg'), { what: 'the picture in the other window' });
    await until(() => isDrawn(alice.page, 'photo.jpg'), { what: 'the picture in its own window' });
    const link = bob.messages('look').getByRole('link', { name: /notes\.txt/ });
    const downloading = bob.page.waitForEvent('download');
    await link.click();
    expect((await downloading).suggestedFilename()).toBe('notes.txt');
    expect([...alice.faults, ...bob.faults]).toEqual([]);
  });

  it('are pasted, and removed before they are sent', async ({ pair }) => {
    const { alice, bob } = await pair('Pasted');
    const { buffer } = await photoFile();
    const paste = async (name: string) => {
      const script = `
        const bytes = Uint8Array.from(atob('${buffer.toString('base64')}'), (one) => one.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], '${name}', { type: 'image/jpeg' }));
        const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector('#composer-text').dispatchEvent(event);`;
      await alice.page.evaluate(script);
    };
    await paste('one.jpg');
    await paste('two.jpg');
    const drafts = alice.page.getByRole('group', { name: 'Files to send' });
    await drafts.getByRole('button', { name: 'Remove one.jpg' }).click();
    await until(async () => (await drafts.locator('.upload').count()) === 1);
    await alice.composer.press('Enter');
    await bob.page.getByRole('img', { name: 'two.jpg' }).waitFor();
    expect(await bob.page.getByRole('img', { name: 'one.jpg' }).count()).toBe(0);
    expect([...alice.faults, ...bob.faults]).toEqual([]);
  });

  it('are voice notes from the microphone, with their duration and loudness', async ({ pair }) => {
    const { alice, bob } = await pair('Voice');
    const button = alice.page.getByRole('button', { name: 'Record a voice note' });
    await button.click();
    const stop = alice.page.getByRole('button', { name: 'Stop recording' });
    await until(async () => (await stop.getAttribute('data-time')) === '0:02', { what: 'a second of sound' });
    await stop.click();
    await alice.page.getByRole('group', { name: 'Files to send' }).locator('audio').waitFor();
    await alice.page.getByRole('button', { name: 'Send', exact: true }).click();
    const note = bob.page.locator('.messages .voice');
    await note.waitFor();
    expect(await note.locator('.waves i').count()).toBeGreaterThan(5);
    expect(await note.locator('.carried-note').textContent()).toMatch(/^0:0[1-9]$/);
    await note.locator('audio').evaluate(`(audio) => audio.play()`);
    expect([...alice.faults, ...bob.faults]).toEqual([]);
  });

  it('wait without a network, and go when it is back', async ({ pair }) => {
    const { alice, bob } = await pair('Offline');
    await alice.page.context().setOffline(true);
    await choose(alice.page, await photoFile());
    await alice.write('from the train');
    await alice.messages('from the train').locator('.upload').waitFor();
    await alice.page.context().setOffline(false);
    await bob.messages('from the train').getByRole('img', { name: 'photo.jpg' }).waitFor();
    expect([...alice.faults, ...bob.faults]).toEqual([]);
  });

  it('that the server refuses say why, and can be removed', async ({ pair }) => {
    const { alice } = await pair('Refused');
    await choose(alice.page, {
      name: 'fake.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    });
    const drafts = alice.page.getByRole('group', { name: 'Files to send' });
    await drafts.getByText('The content is not what its name says.').waitFor();
    await drafts.getByRole('button', { name: 'Remove fake.png' }).click();
    await drafts.waitFor({ state: 'hidden' });
    expect(alice.faults).toEqual([]);
  });

  it('are shown with new addresses when theirs have expired', async ({ pair }) => {
    const { alice, bob } = await pair('Expired');
    await choose(alice.page, await photoFile());
    await alice.write('fleeting');
    await bob.messages('fleeting').getByRole('img', { name: 'photo.jpg' }).waitFor();
    // The browser has nothing of it any more, and the first address it tries does not work any more.
    let refused = 0;
    await bob.page.route(FILES, async (route) => {
      if (refused > 0) return route.continue();
      refused += 1;
      return route.fulfill({ status: 403 });
    });
    await bob.page.reload();
    await until(() => isDrawn(bob.page, 'photo.jpg'), { what: 'the picture' });
    expect(refused).toBe(1);
  });
});
