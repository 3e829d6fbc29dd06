import { describe, expect, it } from 'vitest';
import type { Action } from '../../packages/client/src/state/actions.js';
import { createState } from '../../packages/client/src/state/reduce.js';
import { unreadOf } from '../../packages/client/src/state/selectors.js';
import { totalUnread } from '../../packages/client/src/state/unreadTotals.js';
import type { SyncPage } from '../../packages/client/src/wire/index.js';
import {
  ALICE,
  apply,
  BOB,
  CONVERSATION,
  conversationView,
  memberView,
  messageView,
  only,
  received,
  seqsOf,
  settingsChange,
  withConversation,
} from './support/views.js';

const synced = (page: Partial<SyncPage>): Action => ({
  type: 'synced',
  page: {
    conversations: [],
    settings: [],
    removed: [],
    totalUnread: 0,
    mutedUnread: 0,
    cursor: 'c',
    hasMore: false,
    epoch: 'one',
    ...page,
  },
});

const received3 = [1, 2, 3].map((seq) => received(messageView(seq, BOB)));

describe('news that overtake each other', () => {
  it.each(['after', 'before'])(
    'history that was cleared on another device is gone, with its settings %s',
    (when) => {
      const view = conversationView({ lastSeq: 3, messageCount: 3, visibleFromSeq: 3 });
      const settings = settingsChange({ clearedSeq: 2 });
      const page = synced({ conversations: [{ ...view, lastMessage: messageView(3, BOB) }] });
      const held = apply(withConversation(), ...received3);
      const state = when === 'after' ? apply(held, page, settings) : apply(held, settings, page);
      expect(seqsOf(state)).toEqual([3]);
      expect(only(state)).toMatchObject({ visibleFromSeq: 3, lastMessage: { seq: 3 } });
    },
  );

  it('of a chat that was cleared to its end nothing is left, and no preview', () => {
    const view = conversationView({ lastSeq: 3, messageCount: 3, visibleFromSeq: 4 });
    const state = apply(withConversation(), ...received3, synced({ conversations: [view] }));
    expect(seqsOf(state)).toEqual([]);
    expect(only(state).lastMessage).toBeUndefined();
  });

  it('the answer to a repeated send does not bring back what was cleared', () => {
    const state = apply(withConversation(), ...received3, settingsChange({ clearedSeq: 3 }), ...received3);
    expect(seqsOf(state)).toEqual([]);
    expect(only(state).lastMessage).toBeUndefined();
  });

  it('messages that came before their chat was known are cut where it begins for the user', () => {
    const view = conversationView({ lastSeq: 3, messageCount: 3, visibleFromSeq: 3 });
    const known: Action = { type: 'conversations', conversations: [view] };
    expect(seqsOf(apply(createState(ALICE), ...received3, known))).toEqual([3]);
  });

  it.each<[string, Action]>([
    ['hidden', settingsChange({ hiddenSeqs: [2] })],
    ['cleared', settingsChange({ clearedSeq: 2 })],
    ['in a chat that is gone', { type: 'removed', conversationId: CONVERSATION }],
  ])('a message outside of the loaded history that is %s is not held any more', (_why, action) => {
    const aside: Action = { type: 'aside', message: messageView(2, BOB) };
    const held = apply(withConversation(), received(messageView(9, BOB)), aside);
    expect(Object.keys(held.aside)).toHaveLength(1);
    expect(apply(held, action).aside).toEqual({});
  });

  it('a message that came before the news of a deletion has brought the chat back', () => {
    const deleted = settingsChange({ clearedSeq: 2, deleted: true });
    const state = apply(withConversation(), ...received3, deleted);
    expect(only(state)).toMatchObject({ isDeleted: false, lastMessage: { seq: 3 } });
    expect(seqsOf(state)).toEqual([3]);
    const without = apply(withConversation(), ...received3.slice(0, 2), deleted);
    expect(without.conversations[CONVERSATION]).toBeUndefined();
  });

  it('what was read, and is not reported yet, is not counted in other chats', () => {
    const state = apply(
      withConversation(),
      ...received3,
      { type: 'seen', conversationId: CONVERSATION, seq: 3 },
      // The server does not know it yet.
      synced({ totalUnread: 3 }),
    );
    expect(state.isListComplete).toBe(false);
    expect(totalUnread(state)).toBe(0);
    expect(totalUnread(apply(state, synced({ totalUnread: 5 })))).toBe(2);
  });
});

it('whoever changes a group has not read it by that', () => {
  const members = [memberView(ALICE), memberView(BOB)];
  const group = withConversation({ type: 'group', members });
  const renamed = received(messageView(4, BOB, { kind: 'system' }));
  const state = apply(group, received(messageView(1, ALICE)), ...received3.slice(1), renamed);
  expect(only(state).positions[BOB]).toMatchObject({ read: 3 });
  const own = apply(group, ...received3, received(messageView(4, ALICE, { kind: 'system' })));
  expect(unreadOf(own, only(own))).toBe(3);
});
