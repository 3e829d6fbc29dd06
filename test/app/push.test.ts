import { expect } from 'vitest';
import { WebPushServer } from '../push/support/webPushServer.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

async function openSettings({ page }: AppWindow): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Notifications' }).waitFor();
}

/** A headless Chromium says `denied` here, whatever the test has granted. */
const GRANTED = `Object.defineProperty(Notification, 'permission', { get: () => 'granted' });`;

const theSwitch = ({ page }: AppWindow) =>
  page.getByRole('switch', { name: 'Notify me of new messages on this device' });

describeInBrowser('push notifications in the app', () => {
  it('reach a browser whose page is closed, with as much as the user chose, until they are switched off', async ({
    openApp,
  }) => {
    await using service = await WebPushServer.start();
    await using server = await startServer({ demo: true, env: service.env() });
    // The browser's own push service cannot be reached from here: this one takes its place.
    const subscription = service.subscribe('bobs-browser');
    const subscribe = `${GRANTED}
      const subscription = { ...${subscription}, unsubscribe: async () => true };
      PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
        if (applicationServerKey !== '${service.vapid.publicKey}') throw new Error('another key');
        return subscription;
      };
      PushManager.prototype.getSubscription = async () => subscription;`;
    const open = () =>
      openApp(server, {
        as: 'bob',
        serviceWorkers: 'allow',
        permissions: ['notifications'],
        prepare: (page) => page.addInitScript(subscribe),
      });
    const bob = await open();
    await bob.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    await openSettings(bob);
    await theSwitch(bob).click();
    await bob.page.getByRole('radio', { name: 'Only the name' }).click();
    await until(
      async () =>
        (await bob.page.getByRole('radio', { name: 'Only the name' }).getAttribute('aria-checked')) ===
        'true',
      { what: 'the saved choice' },
    );
    await until(() => theSwitch(bob).isChecked(), { what: 'the switch' });
    await bob.page.close();

    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await alice.send(conversation, 'a secret');
    const [{ payload } = { payload: {} }] = await service.recorder.waitFor('bobs-browser');
    expect(payload).toMatchObject({ type: 'message', tag: conversation, title: { text: 'Alice Moreau' } });
    expect(JSON.stringify(payload)).not.toContain('a secret');
    bob.expectNoFaults();
  });

  it('without web push, the open page shows notices while it is hidden', async ({ server, bob, openApp }) => {
    const carol = await openApp(server, {
      as: 'carol',
      prepare: (page) =>
        page.addInitScript(`
          globalThis.shownNotices = [];
          globalThis.Notification = class {
            static permission = 'granted';
            static requestPermission = async () => 'granted';
            constructor(title, { body }) { shownNotices.push(title + ': ' + body); }
            close() {}
          };
          Object.defineProperty(document, 'visibilityState', {
            get: () => (globalThis.isHidden === true ? 'hidden' : 'visible'),
          });`),
    });
    await openSettings(carol);
    await theSwitch(carol).click();
    await until(() => theSwitch(carol).isChecked(), { what: 'the switch' });
    await carol.page.evaluate('globalThis.isHidden = true');
    await bob.send(await bob.open('carol'), 'are you there?');
    await until(async () => (await carol.page.evaluate<string[]>('shownNotices')).length > 0, {
      what: 'a notice',
    });
    expect(await carol.page.evaluate('shownNotices')).toEqual(['Bob Tanaka: are you there?']);
    await theSwitch(carol).click();
    await until(async () => !(await theSwitch(carol).isChecked()), { what: 'the switch' });
    carol.expectNoFaults();
  });
});
