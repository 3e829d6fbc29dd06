import { useMemo } from 'react';
import type { Conversation } from '@parley/client';
import { nowAt } from '@parley/client/selectors';
import { useParley } from '@parley/react';
import { useTexts, type Translate } from '../context.js';
import { useAsk, type Ask } from '../parts/Ask.js';
import type { MenuItem } from '../parts/Menu.js';
import { useAttempt, type Attempt } from '../parts/Toast.js';
import { titleOf } from '../state.js';
import { whenGone } from '../whenGone.js';

const HOUR_MS = 3_600_000;
/** For a mute without end. */
const FOREVER = '9999-12-31T00:00:00.000Z';

interface Deps {
  t: Translate;
  ask: Ask;
  attempt: Attempt;
  parley: ReturnType<typeof useParley>;
}

/** Everything that a user can do with a conversation as a whole. Failures are shown. */
export interface ChatActions {
  /** Items of the menu of a row. */
  menuFor: (conversation: Conversation) => MenuItem[];
  /** Block, unmatch and leave: for the end of a profile. Reports are a dialog of their own. */
  dangersFor: (conversation: Conversation) => MenuItem[];
  muteItem: (conversation: Conversation) => MenuItem;
  block: (userId: string, name: string) => Promise<void>;
  unblock: (userId: string) => Promise<void>;
}

export function useChatActions(): ChatActions {
  const t = useTexts();
  const ask = useAsk();
  const attempt = useAttempt();
  const parley = useParley();
  return useMemo(() => createActions({ t, ask, attempt, parley }), [t, ask, attempt, parley]);
}

function createActions(deps: Deps): ChatActions {
  const { t, ask, attempt, parley } = deps;
  const actions: ChatActions = {
    menuFor: (conversation) => [
      ...listItems(deps, conversation),
      actions.muteItem(conversation),
      ...removalItems(deps, conversation),
    ],
    dangersFor: (conversation) =>
      conversation.type === 'direct'
        ? safetyItems(deps, conversation, actions)
        : [leaveItem(deps, conversation)],
    muteItem: (conversation) => muteItem(deps, conversation),
    async block(userId, name) {
      const choices = [{ label: t('block'), value: true }];
      const isSure = await ask({ title: t('blockTitle', { name }), text: t('blockText'), choices });
      if (isSure === true) await attempt(parley.safety.block(userId), t('blocked'));
    },
    async unblock(userId) {
      await attempt(parley.safety.unblock(userId), t('unblocked'));
    },
  };
  return actions;
}

function listItems({ t, attempt, parley }: Deps, conversation: Conversation): MenuItem[] {
  const { id, pinnedAt, isArchived, isMarkedUnread, unreadCount, lastSeq } = conversation;
  const handle = parley.conversation(id);
  const set = (changes: Parameters<typeof handle.updateSettings>[0], done?: string): void =>
    void attempt(handle.updateSettings(changes), done);
  const isUnread = unreadCount > 0 || isMarkedUnread;
  const isPinned = pinnedAt !== undefined;
  const markRead = (): void => {
    handle.markRead(lastSeq);
    if (isMarkedUnread) set({ markedUnread: false });
  };
  return [
    isUnread
      ? { label: t('markRead'), icon: 'check', run: markRead }
      : { label: t('markUnread'), icon: 'dot', run: () => set({ markedUnread: true }) },
    { label: t(isPinned ? 'unpin' : 'pin'), icon: 'pin', run: () => set({ pinned: !isPinned }) },
    {
      label: t(isArchived ? 'unarchive' : 'archive'),
      icon: 'archive',
      run: () => set({ archived: !isArchived }, isArchived ? undefined : t('archived')),
    },
  ];
}

function muteItem({ t, ask, attempt, parley }: Deps, { id, isMuted }: Conversation): MenuItem {
  const set = (mutedUntil: string | null): void =>
    void attempt(parley.conversation(id).updateSettings({ mutedUntil }));
  // Mutes end by the server's clock.
  const inHours = (hours: number): string =>
    new Date(nowAt(parley.state.getSnapshot()) + hours * HOUR_MS).toISOString();
  async function choose(): Promise<void> {
    const choice = (label: string, value: string) => ({ label, value, tone: 'primary' as const });
    const choices = [
      choice(t('muteHour'), inHours(1)),
      choice(t('muteHours'), inHours(8)),
      choice(t('muteWeek'), inHours(7 * 24)),
      choice(t('muteAlways'), FOREVER),
    ];
    const until = await ask({ title: t('muteTitle'), text: '', choices, closeWhen: whenGone(parley, id) });
    if (until !== undefined) set(until);
  }
  return isMuted
    ? { label: t('unmute'), icon: 'bell', run: () => set(null) }
    : { label: t('mute'), icon: 'muted', run: () => void choose() };
}

function removalItems({ t, ask, attempt, parley }: Deps, { id }: Conversation): MenuItem[] {
  const handle = parley.conversation(id);
  const closeWhen = whenGone(parley, id);
  async function clear(): Promise<void> {
    const choices = [{ label: t('clear'), value: true }];
    if ((await ask({ title: t('clearTitle'), text: t('clearText'), choices, closeWhen })) === true)
      await attempt(handle.clearHistory());
  }
  async function remove(): Promise<void> {
    const choices = [{ label: t('deleteChat'), value: true }];
    if ((await ask({ title: t('deleteChatTitle'), text: t('deleteChatText'), choices, closeWhen })) === true)
      await attempt(handle.deleteForMe());
  }
  return [
    { label: t('clear'), icon: 'clear', isDanger: true, run: () => void clear() },
    { label: t('deleteChat'), icon: 'trash', isDanger: true, run: () => void remove() },
  ];
}

function safetyItems(
  { t, ask, attempt, parley }: Deps,
  conversation: Conversation,
  { block, unblock }: Pick<ChatActions, 'block' | 'unblock'>,
): MenuItem[] {
  const { id, otherUserId, isBlocked } = conversation;
  const name = titleOf(conversation, t);
  async function unmatch(): Promise<void> {
    const choices = [{ label: t('unmatch'), value: true }];
    const [title, closeWhen] = [t('unmatchTitle', { name }), whenGone(parley, id)];
    if ((await ask({ title, text: t('unmatchText'), choices, closeWhen })) === true)
      await attempt(parley.safety.unmatch(id), t('unmatched'));
  }
  return [
    isBlocked
      ? { label: t('unblock'), icon: 'block', run: () => void unblock(otherUserId) }
      : { label: t('block'), icon: 'block', isDanger: true, run: () => void block(otherUserId, name) },
    { label: t('unmatch'), icon: 'unmatch', isDanger: true, run: () => void unmatch() },
  ];
}

function leaveItem({ t, ask, attempt, parley }: Deps, conversation: Conversation): MenuItem {
  const label = t(conversation.type === 'channel' ? 'leaveChannel' : 'leaveGroup');
  const isFollowed = conversation.role === 'owner' && conversation.memberCount > 1;
  async function leave(): Promise<void> {
    const title = t('leaveTitle', { name: titleOf(conversation, t) });
    const text = isFollowed ? `${t('leaveText')} ${t('leaveOwner')}` : t('leaveText');
    const closeWhen = whenGone(parley, conversation.id);
    if ((await ask({ title, text, choices: [{ label, value: true }], closeWhen })) === true)
      await attempt(parley.conversation(conversation.id).leave());
  }
  return { label, icon: 'leave', isDanger: true, run: () => void leave() };
}
