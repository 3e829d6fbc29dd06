import { expect } from 'vitest';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const MIDDLE = { x: 195, y: 420 };

/** Moves a finger from the middle of the window, as many events as a hand makes. */
async function swipe({ page }: AppWindow, byX: number, byY: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints });
  await send('touchStart', [MIDDLE]);
  for (let step = 1; step <= 8; step += 1)
    await send('touchMove', [{ x: MIDDLE.x + (byX * step) / 8, y: MIDDLE.y + (byY * step) / 8 }]);
  await send('touchEnd', []);
  await session.detach();
}

describeInBrowser('swipes over a picture', () => {
  it.for([
    ['left', 'en-GB', -1],
    ['right', 'ar', 1],
  ] as const)(
    '%s shows the next one in %s; down closes',
    async ([, locale, onward], { server, openApp, bob }) => {
      const conversationId = await bob.open('alice');
      const attachments = ['one', 'two'].map((name) => ({
        kind: 'image',
        url: `${server.url}/favicon.svg?${name}`,
        name,
      }));
      const clientMessageId = crypto.randomUUID();
      await bob.ok('sendMessage', { conversationId, content: locale, attachments, clientMessageId });
      const alice = await openApp(server, { as: 'alice', ...PHONE, locale });
      const { page } = alice;
      await alice.openChat('Bob Tanaka');
      await alice.messages(locale).getByRole('button', { name: /one/ }).tap();
      const picture = (name: string) => page.getByRole('dialog').getByRole('img', { name }).first();
      await picture('one').waitFor();
      await swipe(alice, onward * -150, 0);
      await swipe(alice, 0, -200);
      await swipe(alice, 20, 20);
      expect(await picture('one').isVisible()).toBe(true);
      await swipe(alice, onward * 150, 30);
      await picture('two').waitFor();
      await swipe(alice, onward * -150, 30);
      await picture('one').waitFor();
      await swipe(alice, 10, 200);
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      alice.expectNoFaults();
    },
  );
});
