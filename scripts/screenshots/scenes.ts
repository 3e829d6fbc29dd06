import type { BrowserContextOptions } from 'playwright-core';
import type { AppWindow } from './window.js';

/** A picture: the window of a user, and the way to what is shown. */
export interface Scene {
  as: string | undefined;
  options?: BrowserContextOptions;
  play: (window: AppWindow) => Promise<void>;
}

const PHOTO = 'This one. We would sleep right at the lake.';

const ofAlice = (play: Scene['play']): Scene => ({ as: 'alice', play });

/** The list with its matches; on a desktop with a chat beside it. */
async function showList(window: AppWindow): Promise<void> {
  await window.page.getByTestId('match').nth(1).waitFor();
  if (!window.isPhone) await window.openChat('Eva Novak');
}

async function showInfo(window: AppWindow, chat: string): Promise<void> {
  await window.openChat(chat);
  await window.page.getByTestId('chat-title').click();
  await window.page.getByRole('dialog').waitFor();
}

async function showActions(window: AppWindow): Promise<void> {
  await window.openChat('Climbing club');
  await window.bubble('Me! I bring both ropes.').click({ button: 'right' });
  await window.page.getByRole('menu').waitFor();
}

async function showSearch(window: AppWindow): Promise<void> {
  if (!window.isPhone) await window.openChat('Bob Tanaka');
  await window.page.getByPlaceholder('Search chats and messages').fill('bring');
  await window.page.getByTestId('found-message').nth(1).waitFor();
}

async function showQueue({ page }: AppWindow): Promise<void> {
  await page.getByRole('button', { name: 'Moderation' }).click();
  await page.getByRole('article').nth(1).waitFor();
}

async function showMedia(window: AppWindow): Promise<void> {
  await window.openChat('Climbing club');
  await window.page.getByRole('button', { name: /^Open the picture.*rock/ }).click();
  await window.page.getByRole('dialog', { name: /Picture/ }).waitFor();
}

async function showOffline(window: AppWindow): Promise<void> {
  await window.openChat('Bob Tanaka');
  await window.page.context().setOffline(true);
  await window.page.getByTestId('offline-banner').waitFor();
  await window.page.locator('textarea').fill('On the train, no network. See you!');
  await window.page.locator('textarea').press('Enter');
  await window.page.getByTestId('message').last().getByTestId('tick-sending').waitFor();
}

/** In the order of the docs. */
export const SCENES: Readonly<Record<string, Scene>> = {
  'sign-in': {
    as: undefined,
    play: ({ page }) => page.getByRole('button', { name: /^Alice Moreau/ }).waitFor(),
  },
  list: ofAlice(showList),
  chat: ofAlice(async (window) => {
    await window.openChat('Bob Tanaka');
    await window.bubble(PHOTO).waitFor();
  }),
  group: ofAlice((window) => window.openChat('Climbing club')),
  actions: ofAlice(showActions),
  'group-info': ofAlice((window) => showInfo(window, 'Climbing club')),
  profile: ofAlice((window) => showInfo(window, 'Bob Tanaka')),
  search: ofAlice(showSearch),
  settings: ofAlice(async (window) => {
    if (!window.isPhone) await window.openChat('Climbing club');
    await window.button('Settings').click();
    await window.page.getByText('Others see what I have read').waitFor();
  }),
  moderation: { as: 'mara', play: showQueue },
  media: ofAlice(showMedia),
  'dark-arabic': {
    as: 'alice',
    options: { locale: 'ar', colorScheme: 'dark' },
    play: (window) => window.openChat('نادي الجبال'),
  },
  offline: ofAlice(showOffline),
};
