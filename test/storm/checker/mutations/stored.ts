import { keyOf } from '../facts.js';
import type { EventOf, History, SeenMessage } from '../history.js';
import { some, find, tailOf, remove, storedOf, late, type Mutation } from './material.js';

function firstSendOf(history: History, message: SeenMessage): EventOf<'send'> {
  const key = keyOf(message);
  return find(history, 'send', ({ user: senderId, ...send }) => keyOf({ ...send, senderId }) === key);
}

/** Mutations: stored messages differ from acknowledged ones, or summaries are wrong. */
export const STORED: Record<string, Mutation> = {
  'an acknowledged message is gone from the end': {
    rule: 'lost',
    apply: (history) => remove(history, tailOf(history, find(history, 'acked').message.conversationId)),
  },
  'an acknowledged message is gone from the middle': {
    rule: 'gap',
    apply: (history) =>
      remove(
        history,
        storedOf(
          history,
          find(
            history,
            'acked',
            ({ message }) => message.seq === 1 && tailOf(history, message.conversationId).seq > 1,
          ).message._id,
        ),
      ),
  },
  'an acknowledged text is stored differently': {
    rule: 'lost',
    apply: (history) => (storedOf(history, find(history, 'acked').message._id).content += ' (changed)'),
  },
  'a message is stored a second time': {
    rule: 'twice',
    apply: (history) => {
      const tail = tailOf(history, find(history, 'acked').message.conversationId);
      history.final.messages.push({ ...tail, _id: 'f'.repeat(24), seq: tail.seq + 1, n: tail.n + 1 });
    },
  },
  'a retry is answered as new': {
    rule: 'twice',
    apply: (history) => {
      const ack = find(history, 'acked', ({ duplicate }) => !duplicate);
      history.events.push({ ...ack, at: late(history) });
    },
  },
  'two messages have changed places': {
    rule: 'lost',
    apply: (history) => {
      const { message } = find(
        history,
        'acked',
        (one) => tailOf(history, one.message.conversationId).seq > one.message.seq,
      );
      const one = storedOf(history, message._id);
      const next = some(
        history.final.messages.find(
          ({ conversationId, seq }) => conversationId === one.conversationId && seq === one.seq + 1,
        ),
        'next message',
      );
      [one.seq, next.seq, one.n, next.n] = [next.seq, one.seq, next.n, one.n];
    },
  },
  'two messages are told and stored in the other order': {
    rule: 'order',
    apply: (history) => {
      const second = find(history, 'acked', ({ at, message }) =>
        history.events.some(
          (one) =>
            one.kind === 'acked' &&
            one.at < at &&
            one.message.conversationId === message.conversationId &&
            one.message.seq === message.seq - 1 &&
            // Both devices of a user may send it: the first attempt counts.
            firstSendOf(history, message).at > one.at,
        ),
      ).message;
      const first = some(
        history.final.messages.find(
          ({ conversationId, seq }) => conversationId === second.conversationId && seq === second.seq - 1,
        ),
        'message before',
      );
      const swap = new Map([
        [first._id, second.seq],
        [second._id, first.seq],
      ]);
      for (const event of history.events) {
        if (event.kind === 'acked') event.message.seq = swap.get(event.message._id) ?? event.message.seq;
      }
      for (const message of history.final.messages) {
        message.seq = swap.get(message._id) ?? message.seq;
        message.n = message.seq;
      }
    },
  },
  'a message is stored that nobody sent': {
    rule: 'foreign',
    apply: (history) => {
      const tail = tailOf(history, find(history, 'acked').message.conversationId);
      history.final.messages.push({
        ...tail,
        _id: 'e'.repeat(24),
        clientMessageId: 'never-sent',
        seq: tail.seq + 1,
        n: tail.n + 1,
      });
    },
  },
  'a refused message is stored': {
    rule: 'foreign',
    apply: (history) => {
      const { message } = find(history, 'acked');
      const { at: _when, kind: _kind, attempt: _attempt, ...send } = firstSendOf(history, message);
      const { content } = message;
      history.events.push({ ...send, content, at: late(history), kind: 'refused', code: 'CONFLICT' });
    },
  },
  'a pair has a second conversation': {
    rule: 'pair',
    apply: ({ final }) => {
      const one = some(
        final.conversations.find(({ type }) => type === 'direct'),
        'conversation',
      );
      final.conversations.push({
        ...one,
        _id: 'c'.repeat(24),
        lastSeq: 0,
        messageCount: 0,
        lastMessageId: undefined,
      });
    },
  },
  'a pair is told twice that it was made now': {
    rule: 'pair',
    apply: (history) => {
      const opened = find(history, 'opened', ({ created }) => created);
      history.events.push({ ...opened, at: late(history) });
    },
  },
  'somebody opens a chat and gets that of others': {
    rule: 'pair',
    apply: (history) => (find(history, 'opened').withUser = 'somebody-else'),
  },
  'a list shows another last message': {
    rule: 'summary',
    apply: (history) => {
      const { conversations } = find(history, 'counted', (one) => one.conversations.length > 0);
      some(conversations[0], 'conversation').lastMessageId = 'b'.repeat(24);
    },
  },
  'a list lacks a conversation': {
    rule: 'summary',
    apply: (history) =>
      void find(history, 'counted', (one) => one.conversations.length > 0).conversations.pop(),
  },
  'a stored summary counts one message less': {
    rule: 'summary',
    apply: ({ final }) =>
      (some(
        final.conversations.find(({ lastSeq }) => lastSeq > 0),
        'conversation',
      ).messageCount -= 1),
  },
};
