import { expect, it } from 'vitest';
import { SYSTEM_USER_ID } from '../../contract/index.js';
import { createState, reduce } from '../../backend/public/js/store.js';
import type { State } from '../../backend/public/js/types.js';
import { buildRows } from '../../backend/public/js/views/rows.js';
import { ALICE, CONVERSATION, conversationView, messageView } from './support/views.js';

it('a system message is shown as a notice; one with a card, or with an answer to it, is a message with its author', () => {
  const sender = { _id: SYSTEM_USER_ID, name: 'Acme Dating' };
  const card = { kind: 'order' as const, title: 'A bicycle' };
  const messages = [
    messageView(1, SYSTEM_USER_ID, { sender, content: 'You have matched.' }),
    messageView(2, SYSTEM_USER_ID, { sender, kind: 'card', content: '', card }),
    messageView(3, SYSTEM_USER_ID, { sender, content: '', deletedAt: '2026-01-01T12:00:00.000Z' }),
    messageView(4, ALICE, { replyTo: 1 }),
  ];
  const opened: State = reduce(createState(ALICE), {
    type: 'conversations',
    conversations: [conversationView({ lastSeq: 4 })],
  });
  const state = messages.reduce<State>(
    (before, message) => reduce(before, { type: 'message', message }),
    opened,
  );
  const rows = buildRows(state, { id: CONVERSATION, low: 1, high: Infinity, newFrom: undefined }).filter(
    ({ kind }) => kind === 'system' || kind === 'message',
  );
  expect(rows).toMatchObject([
    { kind: 'system', text: 'You have matched.' },
    { kind: 'message', author: 'Acme Dating' },
    { kind: 'system', text: 'This message was deleted' },
    { kind: 'message', author: undefined },
  ]);
});
