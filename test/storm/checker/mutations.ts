import type { EventKind, EventOf, FinalMessage, History, Rule } from './history.js';

/** A history with one promise broken on purpose. */
export interface Mutation {
  /** What the checker has to say of it. */
  rule: Rule;
  /** Breaks it in place. Throws `NoMaterial` where the history has nothing to break. */
  apply: (history: History) => void;
}

export class NoMaterial extends Error {}

function some<One>(found: One | undefined, what: string): One {
  if (found === undefined) throw new NoMaterial(`there is no ${what}`);
  return found;
}

function find<Kind extends EventKind>(
  history: History,
  kind: Kind,
  fits: (event: EventOf<Kind>) => boolean = () => true,
): EventOf<Kind> {
  const found = history.events.find(
    (event) => event.kind === kind && fits(event as unknown as EventOf<Kind>),
  );
  return some(found, kind) as unknown as EventOf<Kind>;
}

const tailOf = ({ final }: History, conversationId: string): FinalMessage =>
  some(
    final.messages.filter((one) => one.conversationId === conversationId).sort((a, b) => b.seq - a.seq)[0],
    'message',
  );

const remove = ({ final }: History, { _id }: FinalMessage): void => {
  final.messages = final.messages.filter((one) => one._id !== _id);
};

const storedOf = (history: History, messageId: string): FinalMessage =>
  some(
    history.final.messages.find(({ _id }) => _id === messageId),
    'stored message',
  );

/** Somebody who is in none of the conversations. */
const stranger = { client: 'nobody/1', user: 'nobody', server: 's1' };
const late = (history: History): number => (history.events.at(-1)?.at ?? 0) + 1;

/** One way to break each promise, or more. */
export const MUTATIONS: Record<string, Mutation> = {
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
            history.events.some(
              (send) =>
                send.kind === 'send' &&
                send.at > one.at &&
                send.clientMessageId === message.clientMessageId &&
                send.attempt === 1,
            ),
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
      const { at: _when, kind: _kind, attempt: _attempt, ...send } = find(history, 'send');
      history.events.push({ ...send, at: late(history), kind: 'refused', code: 'CONFLICT' });
    },
  },
  'a message is heard live that is not stored': {
    rule: 'live',
    apply: (history) => (find(history, 'heard').message._id = 'd'.repeat(24)),
  },
  'a message is heard live with another text': {
    rule: 'live',
    apply: (history) => (find(history, 'heard').message.content += ' (changed)'),
  },
  'a message is heard before it is stored': {
    rule: 'live',
    apply: (history) => {
      const { message, ...heard } = find(history, 'heard');
      history.events.push({ ...heard, kind: 'spotCheck', messageId: message._id, found: false });
    },
  },
  'a page lacks what had been acknowledged': {
    rule: 'stale',
    apply: (history) => {
      const { message, at, ...ack } = find(history, 'acked');
      const { conversationId, seq } = message;
      const page = {
        conversationId,
        askedAt: at + 1,
        fromSeq: 1,
        limit: 200,
        lastSeq: seq - 1,
        messages: [],
      };
      history.events.push({ ...ack, at: late(history), kind: 'page', ...page });
    },
  },
  'a page shows a message at another place': {
    rule: 'history',
    apply: (history) => {
      const page = find(history, 'page', ({ messages }) => messages.length > 1);
      const [first, second] = page.messages;
      page.messages.splice(0, 2, { ...some(second, 'message'), seq: 1 }, some(first, 'message'));
    },
  },
  'somebody lacks the end of a conversation': {
    rule: 'history',
    apply: (history) => {
      const { holdings } = find(history, 'final', (one) =>
        Object.values(one.holdings).some((ids) => ids.length > 0),
      );
      some(
        Object.values(holdings).find((ids) => ids.length > 0),
        'message',
      ).pop();
    },
  },
  'somebody has two messages in the other order': {
    rule: 'history',
    apply: (history) => {
      const isLong = (ids: string[]): boolean => ids.length > 1;
      const { holdings } = find(history, 'final', (one) => Object.values(one.holdings).some(isLong));
      const ids = some(Object.values(holdings).find(isLong), 'conversation');
      ids.splice(0, 2, ids[1] ?? '', ids[0] ?? '');
    },
  },
  'the history read anew has a hole': {
    rule: 'history',
    apply: (history) => {
      const isLong = (ids: string[]): boolean => ids.length > 1;
      const { holdings } = find(history, 'fresh', (one) => Object.values(one.holdings).some(isLong));
      some(Object.values(holdings).find(isLong), 'conversation').splice(0, 1);
    },
  },
  'a report is answered with a place further back': {
    rule: 'backwards',
    apply: (history) => {
      const event = find(history, 'advanced', ({ wasRead, readSeq }) => wasRead && readSeq > 0);
      event.readSeq -= 1;
    },
  },
  'a position is shown further back than it was': {
    rule: 'backwards',
    apply: (history) => {
      const before = find(history, 'advanced', ({ wasRead, readSeq }) => wasRead && readSeq > 0);
      const { conversationId, userId, readSeq, deliveredSeq, client, user } = before;
      const own = [{ conversationId, userId, readSeq: readSeq - 1, deliveredSeq }];
      history.events.push({
        client,
        user,
        at: late(history),
        kind: 'synced',
        askedAt: before.at + 1,
        conversations: [],
        own,
        totalUnread: 0,
      });
    },
  },
  'an acknowledged position is not stored': {
    rule: 'backwards',
    apply: (history) => {
      const event = find(
        history,
        'advanced',
        ({ wasRead, readSeq, conversationId, userId }) =>
          wasRead &&
          !history.final.messages.some(
            (one) => one.conversationId === conversationId && one.senderId === userId && one.seq >= readSeq,
          ),
      );
      const isIts = ({ conversationId, userId }: { conversationId: string; userId: string }): boolean =>
        conversationId === event.conversationId && userId === event.userId;
      history.final.positions = history.final.positions.filter((position) => !isIts(position));
    },
  },
  'a position is told that nobody has reached': {
    rule: 'backwards',
    apply: (history) => (find(history, 'status').readSeq += 1_000),
  },
  'the status of a message goes back': {
    rule: 'backwards',
    apply: (history) => {
      const advanced = find(history, 'advanced', (one) => {
        const [stored] = history.final.messages.filter(
          ({ conversationId, senderId, seq }) =>
            conversationId === one.conversationId && senderId !== one.userId && seq <= one.readSeq,
        );
        return one.wasRead && stored !== undefined;
      });
      const { conversationId, userId, readSeq } = advanced;
      const stored = some(
        history.final.messages.find(
          (one) => one.conversationId === conversationId && one.senderId !== userId && one.seq <= readSeq,
        ),
        'message',
      );
      const { seq } = stored;
      const page = {
        conversationId,
        askedAt: advanced.at + 1,
        fromSeq: seq,
        toSeq: seq,
        limit: 1,
        lastSeq: 1e6,
      };
      history.events.push({
        client: `${stored.senderId}/1`,
        user: stored.senderId,
        at: late(history),
        kind: 'page',
        ...page,
        messages: [{ ...stored, status: 'delivered' }],
      });
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
  'a stranger hears a message': {
    rule: 'leak',
    apply: (history) => history.events.push({ ...find(history, 'heard'), ...stranger }),
  },
  'a stranger is told of a position': {
    rule: 'leak',
    apply: (history) => history.events.push({ ...find(history, 'status'), ...stranger }),
  },
  'a stranger finds a conversation by sync': {
    rule: 'leak',
    apply: (history) =>
      history.events.push({
        ...find(history, 'synced', ({ conversations }) => conversations.length > 0),
        ...stranger,
      }),
  },
  'a stranger gets a page': {
    rule: 'leak',
    apply: (history) => history.events.push({ ...find(history, 'page'), ...stranger }),
  },
  'a stranger learns who is there': {
    rule: 'leak',
    apply: (history) =>
      history.events.push({
        ...stranger,
        at: late(history),
        kind: 'toldOf',
        push: 'presence',
        aboutUser: find(history, 'acked').user,
      }),
  },
  'a stranger is let in': {
    rule: 'leak',
    apply: (history) =>
      history.events.push({
        ...stranger,
        at: late(history),
        kind: 'trespass',
        command: 'sendMessage',
        conversationId: find(history, 'acked').message.conversationId,
        code: 'OK',
      }),
  },
  'a message of a stranger is stored': {
    rule: 'leak',
    apply: (history) =>
      (tailOf(history, find(history, 'acked').message.conversationId).senderId = stranger.user),
  },
  'an unread count is one too many': {
    rule: 'unread',
    apply: (history) => {
      const { conversations } = find(history, 'counted', (one) => one.conversations.length > 0);
      some(conversations[0], 'conversation').unreadCount += 1;
    },
  },
  'a total of unread messages is wrong': {
    rule: 'unread',
    apply: (history) => (find(history, 'counted').unreadEndpoint += 1),
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
  'a member is refused': {
    rule: 'refusal',
    apply: (history) => {
      const { at: _when, kind: _kind, attempt: _attempt, ...send } = find(history, 'send');
      history.events.push({
        ...send,
        at: late(history),
        kind: 'refused',
        content: 'another text',
        code: 'NOT_PARTICIPANT',
      });
    },
  },
};

/** The same history with one promise broken. @throws NoMaterial. */
export function mutate(history: History, { apply }: Mutation): History {
  const copy = structuredClone(history);
  apply(copy);
  return copy;
}
