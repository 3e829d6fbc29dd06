import type { Locator } from 'playwright-core';
import type { TestServer } from '../../support/server.js';
import { en as enApp, type AppTexts } from '../../../app/src/texts/en.js';
import { en } from '../../../packages/ui/src/texts/en.js';
import type { Texts } from '../../../packages/ui/src/texts/types.js';
import type { AppWindow, WindowOptions } from './appWindow.js';
import type { OpenApp } from './windows.js';

/** Texts by which a walk finds its way. */
export interface WalkTexts {
  ui: Texts;
  app: AppTexts;
}

export const ENGLISH: WalkTexts = { ui: en, app: enApp };

export const GROUP = 'Everyone who walks up the hill on Sunday mornings';
/** No place to break. */
const LONG_WORD = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen';

/** Gives Mara, who is a moderator, a chat, a group and a report. */
export async function furnish(server: TestServer): Promise<void> {
  const [mara, bob] = await Promise.all([server.connectAs('mara'), server.connectAs('bob')]);
  const conversationId = await mara.open('bob');
  await bob.send(
    conversationId,
    `See https://example.com/a/rather/long/address/that/${LONG_WORD} ${LONG_WORD}`,
  );
  await mara.send(
    conversationId,
    'An answer of some length, so that it takes more than one line in a window that is small',
  );
  await bob.ok('react', { conversationId, seq: 2, emoji: '👍', on: true });
  await bob.send(conversationId, 'the message with a menu');
  await mara.ok('pinMessage', { conversationId, seq: 1, pinned: true });
  await mara.ok('createGroup', {
    name: GROUP,
    participants: ['alice', 'bob', 'carol'],
    clientConversationId: '0b7b1f2e-6f0c-4c56-9d0e-0f6f5b3f2a10',
  });
  await bob.ok('report', { reason: 'spam', comment: LONG_WORD, conversationId, seq: 2 });
}

interface Walk {
  window: AppWindow;
  texts: WalkTexts;
  /** Called on each screen, and in each dialog and menu. */
  visit: (screen: string, window: AppWindow) => Promise<void>;
}

const dialogOf = ({ page }: AppWindow): Locator => page.locator('[aria-modal=true]').last();

async function escape(window: AppWindow): Promise<void> {
  const before = await window.page.locator('[aria-modal=true]').count();
  await window.page.keyboard.press('Escape');
  await window.page
    .locator('[aria-modal=true]')
    .nth(before - 1)
    .waitFor({ state: 'detached' });
}

const press = ({ page }: AppWindow, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).first().click();

const choose = ({ page }: AppWindow, name: string): Promise<void> =>
  page.getByRole('menuitem', { name, exact: true }).click();

/** Visits a dialog or menu that is open, and closes it. */
async function look({ window, visit }: Walk, screen: string): Promise<void> {
  await dialogOf(window).waitFor();
  await visit(screen, window);
  await escape(window);
}

async function walkList(walk: Walk): Promise<void> {
  const { window, texts, visit } = walk;
  await window.chat('Bob Tanaka').waitFor();
  await visit('list', window);
  await press(window, texts.app.newItem);
  await look(walk, 'menu of new chats');
  for (const item of [texts.ui.newChat, texts.ui.newGroup]) {
    await press(window, texts.app.newItem);
    await choose(window, item);
    await look(walk, item);
  }
  await window.chat('Bob Tanaka').click({ button: 'right' });
  await look(walk, 'menu of a chat');
  await press(window, texts.app.settings);
  await window.page.getByRole('switch', { name: texts.app.showTyping }).waitFor();
  await look(walk, 'settings');
  await press(window, texts.app.moderation);
  await window.page.getByRole('article').first().waitFor();
  await look(walk, 'moderation');
  const field = window.page.getByRole('textbox', { name: texts.ui.searchAll });
  await field.fill('menu');
  await window.page.getByTestId('found-message').first().waitFor();
  await visit('search', window);
  await field.fill('');
}

async function walkMessage(walk: Walk): Promise<void> {
  const { window, texts } = walk;
  const open = () =>
    window.messages('the message with a menu').getByTestId('bubble').click({ button: 'right' });
  await open();
  await look(walk, 'menu of a message');
  for (const item of [texts.ui.info, texts.ui.report, texts.ui.delete]) {
    await open();
    await choose(window, item);
    await look(walk, item);
  }
  await open();
  await press(window, texts.ui.moreReactions);
  await look(walk, 'reactions');
}

async function walkChat(walk: Walk): Promise<void> {
  const { window, texts, visit } = walk;
  await window.openChat('Bob Tanaka');
  await window.messages('the message with a menu').waitFor();
  await visit('chat', window);
  await walkMessage(walk);
  await press(window, texts.ui.chatActions);
  await look(walk, 'menu of the open chat');
  await press(window, texts.ui.chatActions);
  await choose(window, texts.ui.goToDay);
  await look(walk, 'day');
  await press(window, texts.ui.searchHere);
  await dialogOf(window).getByRole('textbox').fill('menu');
  await window.page.getByTestId('found-message').first().waitFor();
  await look(walk, 'search in a chat');
  await press(window, texts.ui.attach);
  await look(walk, 'menu of files');
  await window.page.getByTestId('chat-title').click();
  await look(walk, 'profile');
}

async function walkGroup(walk: Walk): Promise<void> {
  const { window, texts, visit } = walk;
  const back = window.page.getByRole('button', { name: texts.ui.back, exact: true });
  if ((await back.count()) > 0) await back.click();
  await window.openChat(GROUP);
  await window.page.getByTestId('chat-title').click();
  await dialogOf(window).getByRole('heading', { name: texts.ui.memberList }).waitFor();
  await visit('group', window);
  for (const item of [texts.ui.addMembers, texts.ui.editGroup]) {
    await dialogOf(window).getByRole('button', { name: item, exact: true }).click();
    await dialogOf(window).getByRole('heading', { name: item }).waitFor();
    await visit(item, window);
    await window.page.keyboard.press('Escape');
    await dialogOf(window).getByRole('heading', { name: texts.ui.memberList }).waitFor();
  }
  await escape(window);
}

interface WalkOptions extends WindowOptions {
  texts?: WalkTexts;
  visit: Walk['visit'];
}

/** Visits the screens, dialogs and menus of the app in a window. `furnish` was called before. */
export async function walkThrough(
  server: TestServer,
  openApp: OpenApp,
  { texts = ENGLISH, visit, ...options }: WalkOptions,
): Promise<void> {
  const stranger = await openApp(server, options);
  await press(stranger, texts.app.withToken);
  await stranger.page.getByRole('textbox').waitFor();
  await visit('sign-in', stranger);
  await stranger.page.context().close();
  const window = await openApp(server, { ...options, as: 'mara' });
  const walk = { window, texts, visit };
  await walkList(walk);
  await walkChat(walk);
  await walkGroup(walk);
  window.expectNoFaults();
}
