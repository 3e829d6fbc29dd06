/**
 * The page: finds out who this window is, joins client and views, and follows the address (`#/c/<conversation>`).
 *
 * @import { Session } from './session.js'
 */
import { indexedDbStorage } from '@parley/client/indexeddb';
import { totalUnread, userOf } from '@parley/client/selectors';
import { fetchDemoUsers } from './api.js';
import { createClient } from './client.js';
import { nameOf, nameWithin } from './names.js';
import { clearTab, readSession, writeSession } from './session.js';
import { countUnsent, dropCachesOfOthers, wipe } from './storage.js';
import { mountChat } from './views/chat.js';
import { ask } from './views/dialog.js';
import { h, perFrame, refs } from './views/dom.js';
import { watchLengths } from './views/lengthNotes.js';
import { openMenu } from './views/menu.js';
import { everyMinute } from './views/minutes.js';
import { mountNewChat } from './views/newChat.js';
import { openNewGroup } from './views/newGroup.js';
import { mountSearchAll } from './views/searchAll.js';
import { openSettings } from './views/settings.js';
import { mountSidebar, renderMe } from './views/sidebar.js';
import { chooseSession } from './views/signIn.js';
import { mountTheme } from './views/theme.js';
import { toast } from './views/toast.js';

const storage = indexedDbStorage();

const ADDRESS = /^#\/c\/([0-9a-f]{24})(?:\/(\d+))?$/;

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** @returns {Promise<Session>} */
async function whoAmI() {
  const wanted = new URL(location.href).searchParams.get('as') ?? undefined;
  const stored = readSession();
  if (stored !== undefined && (wanted === undefined || wanted === stored.userId)) return stored;
  const chosen = await chooseSession(byId('sign-in'), wanted);
  if (stored === undefined || stored.userId === chosen.userId) return chosen;
  if (!(await mayForget(await countUnsent(storage, stored.userId)))) {
    history.replaceState(null, '', location.pathname);
    return stored;
  }
  await wipe(storage, stored.userId).catch(() => {});
  clearTab();
  return chosen;
}

/**
 * Whether the user of this tab may go: what they have not sent yet goes with them.
 *
 * @param {number} unsent
 */
async function mayForget(unsent) {
  if (unsent === 0) return true;
  const isSure = await ask({
    title: unsent === 1 ? 'Leave with an unsent message?' : `Leave with ${unsent} unsent messages?`,
    text: 'What has not been sent yet is deleted from this browser.',
    choices: [{ label: 'Leave', value: true }],
  });
  return isSure === true;
}

/** @param {import('./client.js').Client} client */
async function leave(client) {
  if (!(await mayForget(client.state().outbox.length))) return;
  await client.leave();
  clearTab();
  // The browser may keep this page for its Back button, as it is.
  document.body.replaceChildren();
  location.replace(location.pathname);
}

/**
 * Offers a second window as somebody else: a chat needs two.
 *
 * @param {HTMLElement} hint
 * @param {string} me
 */
async function offerWindows(hint, me) {
  const users = await fetchDemoUsers().catch(() => []);
  const others = users.filter(({ _id }) => _id !== me).slice(0, 3);
  if (others.length === 0) return;
  const links = others.flatMap((user, index) => [
    index === 0 ? '' : index === others.length - 1 ? ' or ' : ', ',
    h('a', { href: `/?as=${encodeURIComponent(user._id)}`, target: '_blank', rel: 'noopener' }, nameOf(user)),
  ]);
  hint.replaceChildren('Open a second window as ', ...links, ' and talk to yourself.');
}

/** @param {Session} session */
function startApp(session) {
  writeSession(session);
  const app = byId('app');
  const parts = refs(app);
  const client = createClient(session, storage);
  client.parley.on('conversationRemoved', ({ conversationId, name = 'Group', reason }) => {
    if (reason === 'removed') toast(`You were removed from ${nameWithin({ _id: conversationId, name })}`);
  });
  const renderSidebar = mountSidebar(parts, client);
  const chat = mountChat(parts, client);
  const goTo = (/** @type {string} */ id) => {
    location.hash = `#/c/${id}`;
  };
  const openNewChat = mountNewChat(/** @type {HTMLDialogElement} */ (byId('new-chat')), client, goTo);
  mountSearchAll(
    { field: parts.searchAll, clear: parts.searchAllClear, results: parts.found, lists: parts.lists },
    client,
  );

  function render() {
    app.dataset.pane = client.openId() === undefined ? 'list' : 'chat';
    renderMe(parts.me, { name: session.name, ...userOf(client.state(), session.userId) });
    renderSidebar();
    chat.render();
  }

  function showTitle() {
    const unread = totalUnread(client.state());
    const title = unread === 0 ? 'Parley' : `(${unread}) Parley`;
    if (document.title !== title) document.title = title;
  }

  /** The address of a message leads to it, however old it is. */
  async function follow() {
    const [, id, seq] = ADDRESS.exec(location.hash) ?? [];
    await client.open(id);
    if (seq !== undefined && client.openId() === id) await chat.goTo(Number(seq));
  }

  const renderSoon = perFrame(render);
  client.subscribe(renderSoon);
  leaveWhatIsGone(client);
  // Not in the frame: a tab in the background draws none, and its title is what one sees of it.
  client.subscribe(showTitle);
  everyMinute(renderSoon);
  document.addEventListener('visibilitychange', renderSoon);
  watchLengths(document);
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted && readSession()?.userId !== session.userId) location.reload();
  });
  addEventListener('hashchange', () => void follow());
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.querySelector('dialog[open], .menu:popover-open') === null)
      location.hash = '#/';
  });
  parts.compose.addEventListener('click', () =>
    openMenu(
      [
        { label: 'New chat', icon: 'general', run: openNewChat },
        { label: 'New group or channel', icon: 'group', run: () => openNewGroup(client, goTo) },
      ],
      { opener: parts.compose, label: 'New' },
    ),
  );
  parts.settings.addEventListener('click', () => void openSettings(client));
  parts.composeEmpty.addEventListener('click', openNewChat);
  parts.switch.addEventListener('click', () => void leave(client));
  mountTheme(parts.theme);
  if (session.isDemo) void offerWindows(parts.hint, session.userId);

  app.hidden = false;
  void dropCachesOfOthers(storage, session.userId).catch(() => {});
  void client.parley.connect().then(follow);
  render();
  showTitle();
}

/**
 * A conversation that was closed without the address has none any more: the user is not in it.
 *
 * @param {import('./client.js').Client} client
 */
function leaveWhatIsGone(client) {
  /** @type {string | undefined} */
  let shownId;
  client.subscribe(() => {
    const openId = client.openId();
    const isGone =
      shownId !== undefined && openId === undefined && ADDRESS.exec(location.hash)?.[1] === shownId;
    if (isGone) history.replaceState(null, '', '#/');
    shownId = openId;
  });
}

startApp(await whoAmI());
