import type { CDPSession, Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const PHONE = { viewport: { width: 390, height: 760 }, hasTouch: true };

/** Longer than a held touch needs. */
const HELD_MS = 700;

/** A finger on the window, by which no mouse is imitated: Playwright's `tap` is over at once. */
class Finger {
  private constructor(
    private readonly window: AppWindow,
    private readonly session: CDPSession,
  ) {}

  static async of(window: AppWindow): Promise<Finger> {
    return new Finger(window, await window.page.context().newCDPSession(window.page));
  }

  /** Touches the middle of an element, and moves by some pixels upwards. */
  async hold(element: Locator, movesBy = 0): Promise<void> {
    const box = await element.boundingBox();
    if (box === null) throw new Error('nothing to touch');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await this.send('touchStart', [{ x, y }]);
    if (movesBy > 0) await this.send('touchMove', [{ x, y: y - movesBy }]);
    await this.window.page.waitForTimeout(HELD_MS);
  }

  lift = (): Promise<void> => this.send('touchEnd', []);

  private async send(
    type: 'touchStart' | 'touchMove' | 'touchEnd',
    touchPoints: { x: number; y: number }[],
  ): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}

/** Browsers of iPhones fire no `contextmenu`. */
const withoutContextMenu = `addEventListener('contextmenu', (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });`;

describeInBrowser('on a phone', () => {
  it.for([
    ['a browser that fires no contextmenu', true],
    ['one that may', false],
  ] as const)('a held touch opens menus in %s', async ([, isSilent], { server, openApp, bob }) => {
    const text = `hold this ${isSilent ? 'there' : 'here'}`;
    await bob.send(await bob.open('alice'), text);
    const alice = await openApp(server, {
      as: 'alice',
      ...PHONE,
      prepare: async (page) => {
        if (isSilent) await page.addInitScript(withoutContextMenu);
      },
    });
    const menu = alice.page.getByRole('menu');
    const finger = await Finger.of(alice);
    await alice.chat('Bob Tanaka').waitFor();
    await finger.hold(alice.chat('Bob Tanaka'), 30);
    await finger.lift();
    expect(await menu.count()).toBe(0);
    await finger.hold(alice.chat('Bob Tanaka'));
    await menu.waitFor({ timeout: 2_000 });
    await finger.lift();
    // A click that the lifted finger makes would come by now.
    await alice.page.waitForTimeout(500);
    await alice.page.getByRole('menuitem', { name: /pin/i }).tap();
    await menu.waitFor({ state: 'detached' });
    await alice.chat('Bob Tanaka').tap();
    const bubble = alice.messages(text).getByTestId('bubble');
    await bubble.waitFor();
    await finger.hold(bubble, 30);
    await finger.lift();
    expect(await menu.count()).toBe(0);
    await finger.hold(bubble);
    await menu.waitFor({ timeout: 2_000 });
    expect(await menu.count()).toBe(1);
    await finger.lift();
    await alice.page.waitForTimeout(500);
    await alice.page.getByRole('menuitem', { name: 'Reply' }).tap();
    await alice.page.getByText('Reply to').waitFor();
    alice.expectNoFaults();
  });

  it('the Back button of the browser closes what is open over a chat', async ({ server, openApp }) => {
    const carol = await openApp(server, { as: 'carol', ...PHONE });
    const { page } = carol;
    await carol.startChat('Bob Tanaka');
    const layer = page.locator('[aria-modal=true]');
    const openInfo = () => page.getByTestId('chat-title').click();
    const openMenu = () => page.getByRole('button', { name: 'Actions for this chat' }).click();
    for (const open of [openInfo, openMenu]) {
      await open();
      await layer.waitFor();
      await page.goBack();
      await carol.chat('Bob Tanaka').waitFor();
      await layer.waitFor({ state: 'detached' });
      await page.goForward();
      await carol.isOpen('Bob Tanaka');
    }
    carol.expectNoFaults();
  });

  it('the Back button of a chat leads back in the history, or leaves no entry of the chat there', async ({
    server,
    openApp,
  }) => {
    const dan = await openApp(server, { as: 'dan', ...PHONE });
    const { page } = dan;
    const back = page.getByRole('button', { name: 'Back', exact: true });
    await dan.startChat('Bob Tanaka');
    const chat = page.url();
    await back.click();
    await dan.chat('Bob Tanaka').waitFor();
    // Over what was the list before, not over the chat.
    await page.goForward();
    await dan.isOpen('Bob Tanaka');
    expect(page.url()).toBe(chat);
    await page.goto('about:blank');
    // Followed a link: the list is not before it.
    await page.goto(chat);
    await back.click();
    await dan.chat('Bob Tanaka').waitFor();
    await page.goBack();
    expect(page.url()).toBe('about:blank');
    dan.expectNoFaults();
  });

  it('a notice over the choices of a dialog is hidden by a press, which chooses nothing', async ({
    server,
    openApp,
    bob,
  }) => {
    const { conversation } = await bob.ok('createGroup', { name: 'Left soon', participants: ['alice'] });
    await bob.open('alice');
    const alice = await openApp(server, { as: 'alice', ...PHONE, viewport: { width: 390, height: 640 } });
    await alice.onChat('Bob Tanaka', 'Mute');
    const cancel = alice.page.getByRole('dialog').getByRole('button', { name: 'Cancel' });
    await cancel.waitFor();
    await bob.ok('removeMember', { conversationId: conversation._id, userId: 'alice' });
    const notice = alice.page.getByText(/You were removed from .*Left soon/);
    await notice.click();
    await notice.waitFor({ state: 'detached' });
    expect(await cancel.isVisible()).toBe(true);
    await alice.confirm('Always');
    await alice.page.getByRole('button', { name: /^Bob Tanaka, .*Muted/ }).waitFor();
    alice.expectNoFaults();
  });
});
