import sharp from 'sharp';
import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

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
});
