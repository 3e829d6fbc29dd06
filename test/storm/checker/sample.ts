import type { Entry, FinalMessage, History, SeenConversation, SeenPosition, StormEvent } from './history.js';

const CHAT = 'a'.repeat(24);
const OTHER_CHAT = '9'.repeat(24);
const GROUP = '8'.repeat(24);

const stored = (seq: number, senderId: string, conversationId = CHAT): FinalMessage => ({
  _id: `${conversationId.slice(0, 22)}0${seq}`,
  conversationId,
  seq,
  n: seq,
  senderId,
  clientMessageId: `${senderId}-${seq}`,
  content: `text ${seq}`,
});

/**
 * A handmade history in which every promise holds: two users who write to each other, and a third with a separate chat.
 * Ann writes 1 and 3, Bob 2; Bob has read up to 2 by writing and then reads 3; Ann has read nothing. The third user has
 * a group with two others; one of them is removed before the third user writes there.
 */
export function goodHistory(): History {
  const log = [stored(1, 'ann'), stored(2, 'bob'), stored(3, 'ann')] as const;
  const [first, second, third] = log;
  const hello = stored(1, 'cat', OTHER_CHAT);
  const control = { isMembershipEvent: true, n: 0 };
  const made = { ...stored(1, 'cat', GROUP), ...control };
  const removed = { ...stored(2, 'cat', GROUP), ...control };
  const alone = { ...stored(3, 'cat', GROUP), n: 1 };
  const events: StormEvent[] = [];
  const tell = (client: string, entry: Entry): void => {
    events.push({ at: events.length * 10, client, user: client.split('/')[0] ?? '', server: 's1', ...entry });
  };
  const send = (message: FinalMessage, attempt = 1): void => {
    const { conversationId, clientMessageId, content } = message;
    tell(`${message.senderId}/1`, { kind: 'send', conversationId, clientMessageId, content, attempt });
  };
  const ack = (message: FinalMessage, duplicate = false): void =>
    tell(`${message.senderId}/1`, { kind: 'acked', message: { ...message, status: 'sent' }, duplicate });
  const bob: SeenPosition = { conversationId: CHAT, userId: 'bob', readSeq: 3, deliveredSeq: 3 };
  const ann: SeenPosition = { conversationId: CHAT, userId: 'ann', readSeq: 3, deliveredSeq: 3 };
  const chat: SeenConversation = {
    conversationId: CHAT,
    participants: ['ann', 'bob'],
    lastSeq: 3,
    messageCount: 3,
    unreadCount: 0,
    lastReadSeq: 3,
    lastMessageId: third._id,
    positions: [ann, bob],
  };

  tell('ann/1', { kind: 'opened', withUser: 'bob', conversationId: CHAT, created: true });
  tell('bob/1', { kind: 'opened', withUser: 'ann', conversationId: CHAT, created: false });
  send(first);
  ack(first);
  tell('bob/1', { kind: 'heard', message: { ...first, status: 'sent' } });
  send(second);
  send(second, 2);
  ack(second, true);
  send(third);
  ack(third);
  send(hello);
  ack(hello);
  send(alone);
  ack(alone);
  const asked = { askedAt: events.length * 10, askedSeq: 3, wasRead: true, unreadCount: 0 };
  // Answered with more than was reported: the rest may be derived from messages, and is not confirmed.
  tell('bob/1', { kind: 'advanced', ...bob, ...asked, askedSeq: 1 });
  tell('bob/1', { kind: 'advanced', ...bob, ...asked });
  tell('ann/1', { kind: 'status', ...bob });
  const askedAt = events.length * 10;
  const messages = log.map((message) => ({ ...message, status: 'read' as const }));
  tell('ann/1', {
    kind: 'page',
    conversationId: CHAT,
    askedAt,
    fromSeq: 1,
    limit: 200,
    messages,
    lastSeq: 3,
  });
  tell('ann/1', { kind: 'synced', askedAt, conversations: [chat], own: [], totalUnread: 0 });
  for (const client of ['ann/1', 'bob/1']) {
    const holdings = () => ({ [CHAT]: log.map(({ _id }) => _id) });
    tell(client, { kind: 'final', holdings: holdings() });
    tell(client, { kind: 'fresh', holdings: holdings() });
    tell(client, {
      kind: 'counted',
      conversations: [structuredClone(chat)],
      totalUnread: 0,
      unreadEndpoint: 0,
    });
  }
  return {
    seed: 0,
    events,
    final: {
      messages: [...log, hello, made, removed, alone],
      positions: [bob],
      conversations: [
        conversation(CHAT, ['ann', 'bob'], log),
        conversation(OTHER_CHAT, ['cat', 'dan'], [hello]),
        {
          ...{ _id: GROUP, type: 'group', lastSeq: 3, messageCount: 1, lastMessageId: alone._id },
          members: [
            { userId: 'cat', fromSeq: 1 },
            { userId: 'fay', fromSeq: 1 },
            { userId: 'dan', fromSeq: 1, untilSeq: 2 },
          ],
        },
      ],
    },
  };
}

function conversation(_id: string, members: [string, string], log: readonly FinalMessage[]) {
  return {
    _id,
    type: 'direct',
    pairKey: members.join('_'),
    members: members.map((userId) => ({ userId, fromSeq: 1 })),
    lastSeq: log.length,
    messageCount: log.length,
    lastMessageId: log.at(-1)?._id,
  };
}
