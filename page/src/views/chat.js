/**
 * The open conversation: who it is with, what was said, and where one writes.
 *
 * @import { Client } from '../client.js'
 * @import { Message } from '@parley/client'
 */
import { entryAt, isMessage, logOf } from '@parley/client/selectors';
import { renderBanner } from './banner.js';
import { mountChatHead } from './chatHead.js';
import { openChatMenu } from './chatMenu.js';
import { mountComposer } from './composer.js';
import { openInfo } from './info.js';
import { openReactions, openReceipts } from './messageInfo.js';
import { mountMessageList } from './messageList.js';
import { createMessageMenu } from './messageMenu.js';
import { mountPinnedBar } from './pinnedBar.js';
import { mountSearchBar } from './searchBar.js';

/**
 * @param {Record<string, any>} parts the parts of the page
 * @param {Client} client
 */
export function mountChat(parts, client) {
  /** @param {(message: Message) => void} act on the message that is held of a row */
  const onMessage =
    (act) =>
    (/** @type {{ seq: number | undefined }} */ { seq }) => {
      const entry = entryAt(logOf(client.state(), client.openId() ?? ''), seq ?? 0);
      if (entry !== undefined && isMessage(entry)) act(entry);
    };
  const list = mountMessageList(
    { scroller: parts.messagesScroller, list: parts.messages, jump: parts.jump, jumpCount: parts.jumpCount },
    client,
    {
      menu: (row, opener, at) => onMessage((message) => menu.open(message, opener, at))(row),
      react: (row, emoji) => onMessage((message) => menu.react(message, emoji))(row),
      reactions: onMessage((message) => void openReactions(client, message)),
      receipts: onMessage((message) => void openReceipts(client, message)),
    },
  );
  const composer = mountComposer(
    {
      form: parts.composer,
      text: parts.composerText,
      send: parts.send,
      mode: parts.composerMode,
      note: parts.composerNote,
      attach: parts.attach,
      record: parts.record,
      draftFiles: parts.draftFiles,
      dropZone: parts.open,
      closed: parts.closed,
    },
    client,
    list.toEnd,
  );
  const menu = createMessageMenu(client, composer);
  const jump = (/** @type {number} */ seq) => void list.goTo(seq);
  const renderHead = mountChatHead(parts);
  const renderPinned = mountPinnedBar(parts.pinnedBar, client, jump);
  const search = mountSearchBar(
    {
      form: parts.searchBar,
      words: parts.searchWords,
      sender: parts.searchSender,
      count: parts.searchCount,
      older: parts.searchOlder,
      newer: parts.searchNewer,
      close: parts.searchClose,
    },
    client,
    jump,
  );
  /** @type {string | undefined} */
  let shownId;

  /** @param {(id: string) => void} act */
  const onOpen = (act) => () => {
    const openId = client.openId();
    if (openId !== undefined && client.state().conversations[openId] !== undefined) act(openId);
  };
  const startSearch = onOpen(search.open);
  const showInfo = onOpen((id) => openInfo(client, id, { search: startSearch }));
  for (const part of [parts.headInfo, parts.headTitle]) part.addEventListener('click', showInfo);
  parts.headSearch.addEventListener('click', startSearch);
  parts.headMenu.addEventListener(
    'click',
    onOpen((id) => openChatMenu(client, id, { opener: parts.headMenu, info: showInfo })),
  );

  function render() {
    const state = client.state();
    const openId = client.openId();
    const conversation = openId === undefined ? undefined : state.conversations[openId];
    if (openId !== shownId) search.hide();
    shownId = openId;
    parts.none.hidden = openId !== undefined;
    parts.open.hidden = openId === undefined;
    renderBanner(parts.banner, state.connection);
    renderHead(state, conversation);
    renderPinned(state, conversation);
    composer.show(openId, conversation);
    list.render();
  }

  return { render, goTo: list.goTo };
}
