import { expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

/** Most stops of the Tab key before what is looked for. */
const MAX_STOPS = 40;

/** Name of the focused element, without the marks that isolate names of people. */
async function focusedName({ page }: AppWindow): Promise<string> {
  const name = await page.evaluate<string>(
    `document.activeElement === document.body ? '' : (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)`,
  );
  return name.replaceAll(/[\u2066-\u2069]/g, '');
}

/**
 * Says what hides the focus; undefined when it is seen. A control has an outline that nothing cuts off (rows of a list are drawn in
 * boxes that do), a field a frame.
 */
const hiddenFocus = ({ page }: AppWindow): Promise<string | undefined> =>
  page.evaluate<string | undefined>(`(() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(element);
    if (outlineStyle === 'none') {
      const { borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(element.parentElement);
      return parseFloat(borderTopWidth) >= 2 && borderTopColor !== backgroundColor ? undefined : 'no outline';
    }
    const reach = parseFloat(outlineWidth) + parseFloat(outlineOffset) - 1;
    const box = element.getBoundingClientRect();
    for (let one = element.parentElement; one !== null; one = one.parentElement) {
      const { overflowX, contain } = getComputedStyle(one);
      if (overflowX === 'visible' && !/paint|strict|content/.test(contain)) continue;
      const clip = one.getBoundingClientRect();
      const isWhole = box.left - reach >= clip.left && box.right + reach <= clip.right && box.top - reach >= clip.top && box.bottom + reach <= clip.bottom;
      if (!isWhole) return 'cut off by ' + one.tagName + ' ' + [box, clip].map(({ left, right, top, bottom }) => [left, right, top, bottom].map(Math.round).join(' ')).join(', ');
    }
    return undefined;
  })()`);

/** Presses Tab until an element with this name has the focus, which is seen at each stop. */
async function tabTo(window: AppWindow, name: RegExp): Promise<void> {
  const stops: string[] = [];
  while (stops.length < MAX_STOPS) {
    await window.page.keyboard.press('Tab');
    const stop = await focusedName(window);
    stops.push(stop);
    if (stop !== '') expect(await hiddenFocus(window), `the focus on “${stop}”`).toBeUndefined();
    if (name.test(stop)) return;
  }
  throw new Error(`no stop is named ${String(name)}: ${stops.join(' · ')}`);
}

const hasFocus = (window: AppWindow, name: RegExp): Promise<void> =>
  expect.poll(() => focusedName(window), PATIENT).toMatch(name);

const IS_IN_DIALOG = `document.activeElement.closest('[aria-modal]') !== null`;

describeInBrowser('with a keyboard alone', () => {
  it('signs in, opens a chat, writes, replies, reacts, looks at a dialog, and comes back to the list', async ({
    server,
    openApp,
  }) => {
    const bob = await server.connectAs('bob');
    await bob.send(await bob.open('alice'), 'hello from Bob');
    // As narrow as a phone: the chat takes the place of the list.
    const alice = await openApp(server, { viewport: { width: 640, height: 400 } });
    const { keyboard } = alice.page;
    await alice.page.getByRole('button', { name: /Alice Moreau/ }).waitFor();
    await tabTo(alice, /^Alice Moreau/);
    await keyboard.press('Enter');
    await alice.chat('Bob Tanaka').waitFor();
    await tabTo(alice, /^Bob Tanaka/);
    await keyboard.press('Enter');
    await hasFocus(alice, /^Message Bob Tanaka/);
    await keyboard.type('written by keys');
    await keyboard.press('Enter');
    await alice.hasTick('written by keys', 'sent');
    // Backwards into the messages, and up to the one of Bob.
    await keyboard.press('Shift+Tab');
    for (let stops = 0; stops < MAX_STOPS && (await focusedName(alice)) !== 'Messages'; stops += 1)
      await keyboard.press('Shift+Tab');
    await hasFocus(alice, /^Messages$/);
    await keyboard.press('ArrowUp');
    await keyboard.press('ArrowUp');
    await hasFocus(alice, /hello from Bob/);
    expect(await hiddenFocus(alice)).toBeUndefined();
    await keyboard.press('Enter');
    await alice.page.getByRole('menuitem', { name: 'Reply' }).waitFor();
    await tabTo(alice, /^React with 👍/);
    await keyboard.press('Enter');
    await alice
      .messages('hello from Bob')
      .getByRole('button', { name: /👍.*1 reaction/ })
      .waitFor();
    await hasFocus(alice, /hello from Bob/);
    await keyboard.press('Enter');
    await tabTo(alice, /^Reply$/);
    await keyboard.press('Enter');
    await alice.page.getByText('Reply to').waitFor();
    await hasFocus(alice, /^Message Bob Tanaka/);
    await keyboard.type('answered by keys');
    await keyboard.press('Enter');
    await alice.hasTick('answered by keys', 'sent');
    await tabTo(alice, /^Actions for this chat/);
    await keyboard.press('Enter');
    await alice.page.getByRole('menuitem', { name: 'Go to a day' }).waitFor();
    await keyboard.press('Escape');
    await hasFocus(alice, /^Actions for this chat/);
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await alice.page.getByRole('dialog', { name: 'Search in this chat' }).waitFor();
    await keyboard.press('Escape');
    await hasFocus(alice, /^Search in this chat/);
    await tabTo(alice, /^Back$/);
    await keyboard.press('Enter');
    await hasFocus(alice, /^Bob Tanaka/);
    expect(await hiddenFocus(alice)).toBeUndefined();
    await tabTo(alice, /^New$/);
    alice.expectNoFaults();
  });

  it('Escape closes the upper layer and no other, however early it comes', async ({ server, openApp }) => {
    const carol = await server.connectAs('carol');
    await carol.ok('createGroup', { name: 'Early', participants: ['dan', 'eva'] });
    const dan = await openApp(server, { as: 'dan' });
    const { page } = dan;
    await dan.openChat('Early');
    await page.getByTestId('chat-title').click();
    const info = page.getByRole('dialog', { name: 'Group', exact: true });
    const more = info.getByRole('button', { name: 'More: Eva Novak' });
    await more.waitFor();
    await page.evaluate(`new MutationObserver((_, observer) => {
      const menu = document.querySelector('[role=menu]');
      if (menu === null) return;
      observer.disconnect();
      window.namedAtOnce = menu.closest('[role=dialog]')?.getAttribute('aria-label');
      for (const type of ['keydown', 'keyup'])
        document.body.dispatchEvent(new KeyboardEvent(type, { key: 'Escape', bubbles: true }));
    }).observe(document.body, { childList: true, subtree: true })`);
    await more.click();
    await hasFocus(dan, /^More: Eva Novak$/);
    await page.getByRole('menu').waitFor({ state: 'detached' });
    expect(await page.evaluate(`window.namedAtOnce`)).toContain('Eva Novak');
    await info.getByText('3 members').waitFor();
    await page.keyboard.press('Escape');
    await info.waitFor({ state: 'detached' });
    await dan.isOpen('Early');
    await page.keyboard.press('Escape');
    await page.getByText('Pick a conversation').waitFor();
    dan.expectNoFaults();
  });

  it('stays near what opened a dialog when the answer removes it', async ({ server, openApp }) => {
    const eva = await server.connectAs('eva');
    await eva.ok('createGroup', { name: 'Fading', participants: ['bob', 'carol'] });
    const window = await openApp(server, { as: 'eva' });
    const { keyboard } = window.page;
    const choose = async (role: 'button' | 'menuitem', name: RegExp): Promise<void> => {
      await window.page.getByRole(role, { name }).waitFor();
      await tabTo(window, name);
      await keyboard.press('Enter');
    };
    await window.openChat('Fading');
    await window.write('stays');
    await window.write('goes');
    await window.hasTick('goes', 'sent');
    await keyboard.press('Shift+Tab');
    for (let stops = 0; stops < MAX_STOPS && (await focusedName(window)) !== 'Messages'; stops += 1)
      await keyboard.press('Shift+Tab');
    await keyboard.press('ArrowUp');
    await hasFocus(window, /goes/);
    await keyboard.press('Enter');
    await choose('menuitem', /^Delete$/);
    await choose('button', /^Delete for me$/);
    await window.messages('goes').waitFor({ state: 'detached' });
    await hasFocus(window, /^Messages$/);

    await window.page.getByTestId('chat-title').click();
    await choose('button', /^More: Carol/);
    await choose('menuitem', /^Remove from/);
    await choose('button', /^Remove from/);
    const dialog = window.page.getByRole('dialog', { name: 'Group', exact: true });
    await dialog.getByText('2 members').waitFor();
    await expect.poll(() => window.page.evaluate(IS_IN_DIALOG), PATIENT).toBe(true);
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await choose('button', /^Actions for this chat/);
    await choose('menuitem', /^Delete chat/);
    await choose('button', /^Delete chat/);
    await window.page.getByText('Pick a conversation').waitFor();
    await hasFocus(window, /./);
    window.expectNoFaults();
  });

  it('comes back to the row of a chat that is left or deleted, also beside the chat', async ({
    server,
    openApp,
  }) => {
    const farid = await server.connectAs('farid');
    const names = Array.from({ length: 40 }, (_, index) => `Row ${40 - index}`);
    for (const name of names.toReversed()) await farid.ok('createGroup', { name, participants: ['mara'] });
    const window = await openApp(server, { as: 'farid' });
    const { page } = window;
    await window.openChat('Row 38');
    await page.keyboard.type('not sent');
    await page.keyboard.press('Escape');
    await hasFocus(window, /^Row 38/);
    // The row is out of sight, and not drawn.
    await page.keyboard.press('Enter');
    await window.composer.waitFor();
    await window.chat('Row 38').hover();
    await page.mouse.wheel(0, 40 * 72);
    await window.chat('Row 38').waitFor({ state: 'detached' });
    await window.composer.focus();
    await page.keyboard.press('Escape');
    await hasFocus(window, /^Row 38/);
    expect(await hiddenFocus(window)).toBeUndefined();

    await page.keyboard.press('Enter');
    await window.isOpen('Row 38');
    await page.getByRole('button', { name: 'Actions for this chat' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Delete chat' }).press('Enter');
    await page.getByRole('button', { name: 'Delete chat' }).press('Enter');
    await page.getByText('Pick a conversation').waitFor();
    await hasFocus(window, /^Row 37/);

    // The focus stays in the field that the user has put it in.
    await window.openChat('Row 37');
    const search = page.getByRole('textbox', { name: 'Search chats and messages' });
    await search.focus();
    await page.keyboard.press('Escape');
    await page.getByText('Pick a conversation').waitFor();
    await hasFocus(window, /^Search/);
    window.expectNoFaults();
  });

  it('records a voice message, discards another one, and is back at the microphone', async ({
    server,
    openApp,
  }) => {
    const bob = await server.connectAs('bob');
    await bob.ok('createGroup', { name: 'Voices', participants: ['dan'] });
    const window = await openApp(server, { as: 'dan' });
    const microphone = window.page.getByRole('button', { name: 'Record a voice message' });
    await window.openChat('Voices');
    for (const isSent of [true, false]) {
      await microphone.press('Enter');
      await hasFocus(window, /^Stop and send/);
      await window.page.getByRole('timer').getByText('0:01').waitFor();
      if (!isSent) await window.page.keyboard.press('Shift+Tab');
      await window.page.keyboard.press('Enter');
      await hasFocus(window, /^Record a voice message/);
    }
    expect(await window.page.getByRole('button', { name: /Play/ }).count()).toBe(1);
    window.expectNoFaults();
  });

  it('opens menus at their buttons', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat('Carol Osei');
    for (const name of ['Actions for this chat', 'Attach', 'New']) {
      const button = alice.page.getByRole('button', { name, exact: true });
      const at = await button.boundingBox();
      await button.press('Enter');
      const menu = alice.page.getByRole('menu');
      await menu.waitFor();
      const place = await menu.boundingBox();
      if (at === null || place === null) throw new Error(`${name} or its menu is not shown`);
      const [left, right] = [place.x - (at.x + at.width), at.x - (place.x + place.width)];
      expect(Math.max(left, right), `${name}: pixels beside its button`).toBeLessThan(30);
      await alice.page.keyboard.press('Escape');
      await menu.waitFor({ state: 'detached' });
    }
    alice.expectNoFaults();
  });
});
