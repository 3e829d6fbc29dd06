import { describe, expect, it } from 'vitest';
import { SYSTEM_USER_ID } from '../../contract/index.js';
import { createState, reduce } from '../../packages/client/src/state/reduce.js';
import type { Action } from '../../packages/client/src/state/actions.js';
import type { ClientState } from '../../packages/client/src/state/types.js';
import { buildRows } from '../../page/src/views/rows.js';
import { ALICE, BOB, CONVERSATION, conversationView, messageView, pendingEntry } from './support/views.js';

const stateAfter = (actions: readonly Action[]): ClientState =>
  [{ type: 'conversations' as const, conversations: [conversationView()] }, ...actions].reduce(
    reduce,
    createState(ALICE),
  );
const received = (seq: number, senderId: string, more = {}): Action => ({
  type: 'message',
  message: messageView(seq, senderId, more),
});
const hidden = (seq: number): Action => ({
  type: 'message',
  message: { kind: 'hidden', conversationId: CONVERSATION, seq },
});
const rowsOf = (state: ClientState) =>
  buildRows(state, { id: CONVERSATION, low: 0, high: Infinity, newFrom: undefined });
const keysOf = (state: ClientState) =>
  rowsOf(state).flatMap(({ kind, key }) => (kind === 'message' ? [key] : []));

describe('the rows of the message list', () => {
  it('show a notice of the app as such; one with a card, or an answer to it, is a message with its author', () => {
    const sender = { _id: SYSTEM_USER_ID, name: 'Acme Dating' };
    const card = { kind: 'order' as const, title: 'A bicycle' };
    const rows = rowsOf(
      stateAfter([
        received(1, SYSTEM_USER_ID, { sender, content: 'You have matched.' }),
        received(2, SYSTEM_USER_ID, { sender, kind: 'card', content: '', card }),
        received(3, SYSTEM_USER_ID, { sender, content: '', deletedAt: '2026-01-01T12:00:00.000Z' }),
        received(4, ALICE, { replyTo: 1 }),
      ]),
    );
    expect(rows.filter(({ kind }) => kind === 'system' || kind === 'message')).toMatchObject([
      { kind: 'system', text: 'You have matched.' },
      { kind: 'message', author: 'Acme Dating' },
      { kind: 'system', text: 'This message was deleted' },
      { kind: 'message', author: undefined },
    ]);
  });

  it('end with unsent messages in their own order, under the keys that the stored messages will have', () => {
    const state = stateAfter([
      received(1, BOB),
      { type: 'queued', entries: [pendingEntry(2), pendingEntry(1)] },
    ]);
    expect(keysOf(state)).toEqual(['bob/id-1', 'alice/pending-1', 'alice/pending-2']);
    const sent = reduce(state, received(2, ALICE, { clientMessageId: 'pending-1' }));
    expect(keysOf(sent)).toEqual(keysOf(state));
  });

  it('leave out hidden entries, and show no gap in their place', () => {
    const rows = rowsOf(stateAfter([received(1, BOB), hidden(2), received(3, BOB)]));
    expect(rows.map(({ kind }) => kind)).toEqual(['start', 'day', 'message', 'message']);
  });

  it('show a gap where messages are missing', () => {
    const rows = rowsOf(stateAfter([received(1, BOB), received(4, BOB)]));
    expect(rows.filter(({ kind }) => kind === 'gap')).toMatchObject([{ from: 2, to: 3 }]);
  });
});
