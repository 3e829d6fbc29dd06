import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import { seriousFindings } from './support/axe.js';
import { describeInBrowser, it } from './support/windows.js';

async function choose(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

const send = (page: Page): Promise<void> =>
  page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click();

describeInBrowser('sending something else than text and files', () => {
  it('places and products: wrong values are named, what was sent arrives, and the draft stays', async ({
    server,
    bob,
    openApp,
  }) => {
    await bob.open('dan');
    const dan = await openApp(server, {
      as: 'dan',
      geolocation: { latitude: 48.25, longitude: 11.5 },
      permissions: ['geolocation'],
    });
    await dan.openChat('Bob Tanaka');
    await dan.composer.fill('a draft');
    await choose(dan.page, 'Location');
    const dialog = dan.page.getByRole('dialog');
    await send(dan.page);
    await dialog.getByText('Enter a number from −90 to 90.').waitFor();
    await dialog.getByText('Enter a number from −180 to 180.').waitFor();
    await dialog.getByRole('button', { name: 'Use my position' }).click();
    await dialog.getByText('Enter a number from −90 to 90.').waitFor({ state: 'detached' });
    await dialog.getByLabel('Longitude').fill('191');
    await send(dan.page);
    await dialog.getByText('Enter a number from −180 to 180.').waitFor();
    await dialog.getByLabel('Longitude').fill('11,75');
    await dialog.getByLabel('Name of the place').fill('Hall East');
    await dialog.getByLabel('Text beside it').fill('come here');
    await send(dan.page);
    const place = await bob.next('message:new', ({ kind }) => kind === 'location');
    expect(place).toMatchObject({
      content: 'come here',
      location: { latitude: 48.25, longitude: 11.75, title: 'Hall East' },
    });
    await dan
      .messages('come here')
      .getByRole('link', { name: /Hall East/ })
      .waitFor();
    expect(await dan.composer.inputValue()).toBe('a draft');

    await dan.onMessage('come here', 'Reply');
    await choose(dan.page, 'Product');
    await dialog.getByLabel('Price').fill('12 euros');
    await dialog.getByLabel('Currency').fill('€');
    await dialog.getByLabel('Address of the picture').fill('desk.jpg');
    await send(dan.page);
    for (const problem of [
      'This is missing.',
      'Enter a number such as 49.90.',
      'Enter three letters such as EUR.',
      'An address begins with https:// or http://.',
    ])
      await dialog.getByRole('alert').getByText(problem).waitFor();
    expect(await seriousFindings(dan)).toEqual([]);
    await dialog.getByLabel('Title').fill('Desk');
    await dialog.getByLabel('Price').fill('120,50');
    await dialog.getByLabel('Currency').fill('');
    await dialog.getByLabel('Address of the picture').fill('');
    await send(dan.page);
    expect(await bob.next('message:new', ({ kind }) => kind === 'card')).toMatchObject({
      card: { kind: 'product', title: 'Desk', price: { amount: '120.50', currency: 'EUR' } },
      replyTo: place.seq,
    });
    await dan.page.getByTestId('bubble').getByText('€120.50').waitFor();
    expect(await dan.page.getByText('Reply to').count()).toBe(0);
    dan.expectNoFaults();
  });

  it('a picture, a voice message and a file by their web addresses', async ({ server, bob, openApp }) => {
    await bob.open('eva');
    const eva = await openApp(server, { as: 'eva' });
    await eva.openChat('Bob Tanaka');
    const dialog = eva.page.getByRole('dialog');
    const url = `${server.url}/favicon.svg`;
    await choose(eva.page, 'Web address');
    for (const wrong of ['', 'javascript:alert(1)', 'example.com/a.png']) {
      await dialog.getByLabel('Address', { exact: true }).fill(wrong);
      await send(eva.page);
      const problem = wrong === '' ? 'This is missing.' : 'An address begins with https:// or http://.';
      await dialog.getByRole('alert').getByText(problem).waitFor();
    }
    await eva.page.keyboard.press('Escape');
    for (const [kind, label] of [
      ['image', 'Picture'],
      ['voice', 'Voice message'],
      ['file', 'File'],
    ] as const) {
      await choose(eva.page, 'Web address');
      await dialog.getByRole('radio', { name: label }).click();
      await dialog.getByLabel('Address', { exact: true }).fill(url);
      await dialog.getByLabel('Name').fill(`my ${kind}`);
      await dialog.getByLabel('Text beside it').fill(`a ${kind}`);
      await send(eva.page);
      expect(await bob.next('message:new', ({ content }) => content === `a ${kind}`)).toMatchObject({
        kind,
        attachments: [{ kind, url, name: `my ${kind}` }],
      });
    }
    await eva.messages('a image').getByRole('button', { name: 'Open the picture: my image' }).waitFor();
    // The address leads to no sound. It may be tried again.
    for (let round = 0; round < 2; round += 1) {
      await eva.messages('a voice').getByRole('button', { name: 'Play' }).click();
      await eva.page.getByText('This cannot be opened here.').waitFor();
      await eva.page.getByText('This cannot be opened here.').waitFor({ state: 'detached' });
    }
    await eva
      .messages('a file')
      .getByRole('link', { name: /my file/ })
      .waitFor();
    eva.expectNoFaults();
  });
});
