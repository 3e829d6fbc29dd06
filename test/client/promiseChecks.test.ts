import { describe, expect, it } from 'vitest';
import type { Violation } from '../../packages/client/src/api/events.js';
import { PromiseChecks } from '../../packages/client/src/promises/promiseChecks.js';
import type {
  CommandData,
  CommandName,
  CommandPayload,
  EntryView,
} from '../../packages/client/src/wire/index.js';
import {
  ALICE,
  apply,
  BOB,
  CONVERSATION,
  conversationView,
  editChange,
  hiddenView,
  messageView,
  positionView,
  received,
  storeOf,
  withConversation,
} from './support/views.js';

function start() {
  const store = storeOf(
    apply(withConversation(), received(messageView(1, BOB)), received(messageView(2, ALICE))),
  );
  const violations: Violation[] = [];
  const checks = new PromiseChecks({ store, onViolation: (violation) => violations.push(violation) });
  const answered = <Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    data: CommandData<Name>,
  ) => checks.answered(name, { payload, data, since: checks.begin() });
  const page = (messages: EntryView[], lastSeq = messages.at(-1)?.seq ?? 0) =>
    answered('getMessages', { conversationId: CONVERSATION }, { messages, lastSeq, hasMore: false });
  const sent = (seq: number, clientMessageId: string) =>
    answered(
      'sendMessage',
      { conversationId: CONVERSATION, clientMessageId, content: 'x' },
      { ...messageView(seq, ALICE, { clientMessageId }), duplicate: false },
    );
  return { store, checks, answered, page, sent, kinds: () => violations.map(({ kind }) => kind), violations };
}

const other = 'f'.repeat(24);

describe('the checks of the server’s promises', () => {
  it('find nothing where nothing is wrong, also when things repeat and come late', () => {
    const { page, sent, checks, answered, kinds } = start();
    page([messageView(1, BOB), messageView(2, ALICE), hiddenView(3)]);
    sent(4, 'a');
    sent(4, 'a');
    checks.pushed(messageView(4, ALICE, { clientMessageId: 'a' }));
    page([hiddenView(3), messageView(4, ALICE, { clientMessageId: 'a' })]);
    page([hiddenView(4)], 9);
    answered(
      'getChanges',
      { conversationId: CONVERSATION, afterRev: 2 },
      {
        changes: [editChange(3, 1, 'x'), { conversationId: CONVERSATION, rev: 4, kind: 'hidden' }],
        rev: 4,
        hasMore: false,
      },
    );
    expect(kinds()).toEqual([]);
  });

  it('find two messages at one seq, with the evidence', () => {
    const { checks, violations } = start();
    checks.pushed(messageView(1, BOB, { _id: other, content: 'never shown' }));
    expect(violations).toEqual([
      {
        kind: 'seqChanged',
        conversationId: CONVERSATION,
        evidence: { seq: 1, heldId: messageView(1, BOB)._id, receivedId: other },
      },
    ]);
    expect(JSON.stringify(violations)).not.toContain('never shown');
  });

  it('find a page with a gap, and changes with one', () => {
    const { page, answered, kinds } = start();
    page([messageView(5, BOB), messageView(7, BOB)]);
    const request = { conversationId: CONVERSATION, afterRev: 2 };
    answered('getChanges', request, { changes: [editChange(4, 1, 'x')], rev: 4, hasMore: false });
    answered('getChanges', request, { changes: [editChange(3, 1, 'x')], rev: 5, hasMore: false });
    expect(kinds()).toEqual(['seqGap', 'revGap', 'revGap']);
  });

  it('find an acknowledged message that is lost or replaced', () => {
    const { page, sent, kinds } = start();
    sent(5, 'a');
    page([messageView(4, BOB)], 4);
    page([messageView(5, BOB, { _id: other })], 5);
    expect(kinds()).toEqual(['acknowledgedLost', 'acknowledgedLost']);
  });

  it('find a message that was stored twice', () => {
    const { page, sent, kinds } = start();
    sent(5, 'a');
    page([messageView(6, ALICE, { clientMessageId: 'a' })], 6);
    expect(kinds()).toEqual(['duplicate']);
  });

  it('find an own position that has moved back, by the server’s own account', () => {
    const { answered, checks, kinds } = start();
    const request = { conversationId: CONVERSATION, seq: 9 };
    const early = checks.begin();
    answered('message:read', request, positionView(ALICE, 9));
    const view = { conversation: conversationView({ lastReadSeq: 7, lastDeliveredSeq: 9 }) };
    // Requested before the position moved: the answer may be older.
    checks.answered('getConversation', { payload: request, data: view, since: early });
    expect(kinds()).toEqual([]);
    answered('getConversation', { conversationId: CONVERSATION }, view);
    expect(kinds()).toEqual(['positionBack']);
  });

  it('begin anew with another history, and with another user', () => {
    const { answered, checks, sent, page, kinds, store } = start();
    sent(5, 'a');
    store.dispatch({ type: 'cacheDropped' });
    checks.clear();
    page([messageView(1, ALICE, { clientMessageId: 'a' })], 1);
    const sync = { settings: [], removed: [], cursor: 'c', hasMore: false, totalUnread: 0, mutedUnread: 0 };
    answered(
      'sync',
      {},
      { ...sync, conversations: [conversationView({ lastReadSeq: 0 })], epoch: 'two', reload: true },
    );
    expect(kinds()).toEqual([]);
  });
});
