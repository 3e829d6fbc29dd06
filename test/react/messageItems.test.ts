import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message, MessagesSnapshot, PendingMessage } from '@parley/client';
import { SYSTEM_USER_ID } from '../../contract/index.js';
import { isNotice } from '../../packages/client/src/index.js';
import {
  arrangeMessages,
  type MessageItem,
  type MessageList,
  type MessageListInput,
  type MessageListItem,
} from '../../packages/react/src/messageItems.js';

const ME = 'me';

const message = (seq: number, more: Partial<Message> = {}): Message => ({
  _id: `id${seq}`,
  conversationId: 'c',
  seq,
  senderId: 'ann',
  sender: { _id: 'ann' },
  clientMessageId: `m${seq}`,
  kind: 'text',
  content: `text ${seq}`,
  attachments: [],
  reactions: [],
  status: 'sent',
  createdAt: '2026-11-29T12:00:00.000Z',
  updatedAt: '2026-11-29T12:00:00.000Z',
  ...more,
});

const unsent = (order: number, more: Partial<PendingMessage> = {}): PendingMessage => ({
  clientMessageId: `p${order}`,
  conversationId: 'c',
  content: `unsent ${order}`,
  order,
  createdAt: '2026-11-29T12:00:00.000Z',
  status: 'pending',
  ...more,
});

const snapshot = (more: Partial<MessagesSnapshot>): MessagesSnapshot => ({
  conversation: undefined,
  messages: [],
  pending: [],
  gaps: [],
  hasOlder: false,
  loading: 'idle',
  firstUnreadSeq: undefined,
  typingUserIds: [],
  ...more,
});

type Options = Partial<Omit<MessageListInput, 'snapshot'>>;

const arrange = (
  more: Partial<MessagesSnapshot>,
  options: Options = {},
  previous?: MessageList,
): MessageList =>
  arrangeMessages(
    {
      snapshot: snapshot(more),
      ownUserId: ME,
      timeZone: 'UTC',
      clockOffsetMs: 0,
      groupEnds: false,
      ...options,
    },
    previous,
  );

/** A list as text: `day 2026-11-29`, `unread`, `gap 3-5`, `ann 1`, with `+` at the beginning of a group. */
const show = ({ items }: MessageList): string[] =>
  items.map((item) => {
    if (item.kind === 'day') return `day ${item.day}`;
    if (item.kind === 'unread') return 'unread';
    if (item.kind === 'gap') return `gap ${item.fromSeq}-${item.toSeq}`;
    const name =
      item.message === undefined
        ? `pending ${item.pending?.order}`
        : `${item.message.senderId} ${item.message.seq}`;
    return `${item.startsGroup ? '+' : ''}${name}`;
  });

const at = (list: MessageList, index: number): MessageListItem => {
  const item = list.items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
};

describe('days', () => {
  const evening = message(1, { createdAt: '2026-11-29T23:30:00.000Z' });
  const night = message(2, { createdAt: '2026-11-30T00:30:00.000Z' });

  test('begin at midnight in the time zone of the user', () => {
    const messages = [evening, night];
    expect(show(arrange({ messages }))).toEqual(['day 2026-11-29', '+ann 1', 'day 2026-11-30', '+ann 2']);
    expect(show(arrange({ messages }, { timeZone: 'Asia/Tokyo' }))).toEqual([
      'day 2026-11-30',
      '+ann 1',
      'ann 2',
    ]);
    expect(show(arrange({ messages }, { timeZone: 'America/Los_Angeles' }))).toEqual([
      'day 2026-11-29',
      '+ann 1',
      'ann 2',
    ]);
  });

  test('do not begin again when two servers disagree about midnight by seconds', () => {
    const back = message(3, { createdAt: '2026-11-29T23:59:58.000Z' });
    const after = message(2, { createdAt: '2026-11-30T00:00:01.000Z' });
    expect(show(arrange({ messages: [evening, after, back] }))).toEqual([
      'day 2026-11-29',
      '+ann 1',
      'day 2026-11-30',
      '+ann 2',
      'ann 3',
    ]);
  });

  test('have unique keys when a stored time is years off, and the order stays that of seq', () => {
    const future = message(2, { createdAt: '2036-01-01T00:00:00.000Z' });
    const list = arrange({ messages: [message(1), future, message(3)] });
    expect(show(list)).toEqual([
      'day 2026-11-29',
      '+ann 1',
      'day 2036-01-01',
      '+ann 2',
      'day 2026-11-29',
      '+ann 3',
    ]);
    expect(new Set(list.items.map(({ key }) => key)).size).toBe(list.items.length);
  });

  test.each([
    ['ten years slow', '2016-11-29T12:00:00.000Z', ['day 2026-11-29', '+ann 1', '+pending 1']],
    ['right', '2026-11-30T08:00:00.000Z', ['day 2026-11-29', '+ann 1', 'day 2026-11-30', '+pending 1']],
  ])('of unsent messages follow the stored ones when the device’s clock is %s', (_, createdAt, expected) => {
    expect(show(arrange({ messages: [message(1)], pending: [unsent(1, { createdAt })] }))).toEqual(expected);
  });

  test('of unsent messages use the server’s time once it is known', () => {
    const pending = [unsent(1, { createdAt: '2016-11-30T12:00:00.000Z' })];
    const clockOffsetMs = Date.UTC(2026, 10, 30) - Date.UTC(2016, 10, 30);
    expect(show(arrange({ messages: [message(1)], pending }, { clockOffsetMs }))).toEqual([
      'day 2026-11-29',
      '+ann 1',
      'day 2026-11-30',
      '+pending 1',
    ]);
  });
});

describe('groups', () => {
  test('begin with another sender, and stand apart from system messages', () => {
    const messages = [
      message(1),
      message(2),
      message(3, { senderId: ME }),
      message(4, { senderId: ME, kind: 'system' }),
      message(5, { senderId: ME }),
    ];
    const list = arrange({ messages, pending: [unsent(1)] });
    expect(show(list)).toEqual(['day 2026-11-29', '+ann 1', 'ann 2', '+me 3', '+me 4', '+me 5', 'pending 1']);
  });

  test('stand apart from notices of the app; its cards and answers are messages of a group', () => {
    const ofApp = { senderId: SYSTEM_USER_ID };
    const messages = [
      message(1, ofApp),
      message(2, { ...ofApp, kind: 'card' }),
      message(3, { ...ofApp, replyTo: 1 }),
      message(4, { ...ofApp, kind: 'card', deletedAt: '2026-11-29T12:00:00.000Z' }),
      message(5, ofApp),
    ];
    const list = arrange({ messages });
    expect(show(list)).toEqual([
      'day 2026-11-29',
      `+${SYSTEM_USER_ID} 1`,
      `+${SYSTEM_USER_ID} 2`,
      `${SYSTEM_USER_ID} 3`,
      `+${SYSTEM_USER_ID} 4`,
      `+${SYSTEM_USER_ID} 5`,
    ]);
    expect(messages.map(isNotice)).toEqual([true, false, false, true, true]);
  });

  test('have ends when the app asks for them', () => {
    const list = arrange(
      { messages: [message(1), message(2), message(3, { senderId: 'bob' })] },
      { groupEnds: true },
    );
    const bubbles = list.items.filter((item): item is MessageItem => item.kind === 'message');
    expect(bubbles.map(({ endsGroup }) => endsGroup)).toEqual([false, true, true]);
  });
});

describe('the unread marker', () => {
  const messages = [message(1), message(2, { senderId: ME }), message(3), message(4)];

  test('stands before the first unread message of another user', () => {
    expect(show(arrange({ messages, firstUnreadSeq: 2 }))).toEqual([
      'day 2026-11-29',
      '+ann 1',
      '+me 2',
      'unread',
      '+ann 3',
      'ann 4',
    ]);
  });

  test('is missing while earlier unread messages may exist', () => {
    const later = messages.slice(2);
    expect(show(arrange({ messages: later, firstUnreadSeq: 2, hasOlder: true }))).not.toContain('unread');
    expect(show(arrange({ messages: later, firstUnreadSeq: 3, hasOlder: true }))).toContain('unread');
    const gaps = [{ fromSeq: 2, toSeq: 2 }];
    const around = [message(1), message(3)];
    expect(show(arrange({ messages: around, gaps, firstUnreadSeq: 2 }))).toEqual([
      'day 2026-11-29',
      '+ann 1',
      'gap 2-2',
      '+ann 3',
    ]);
  });
});

describe('references', () => {
  test('of all items but the new one stay, so that one row renders', () => {
    const first = arrange({ messages: [message(1), message(2)] });
    const [one, two] = [at(first, 1), at(first, 2)] as [MessageItem, MessageItem];
    const held = [one.message, two.message] as [Message, Message];
    const second = arrange({ messages: [...held, message(3)] }, {}, first);
    expect(second.items.slice(0, 3)).toEqual(first.items);
    expect(second.items.slice(0, 3).every((item, index) => item === first.items[index])).toBe(true);
    expect(arrange({ messages: held }, {}, first)).toBe(first);
  });

  test('and keys: an unsent message keeps its key when it is stored, even after others', () => {
    const before = arrange({ messages: [message(1)], pending: [unsent(1)] });
    const stored = message(3, { senderId: ME, clientMessageId: 'p1' });
    const after = arrange({ messages: [message(1), message(2, { senderId: 'bob' }), stored] }, {}, before);
    expect(at(after, 3)).toMatchObject({
      key: at(before, 2).key,
      status: 'sent',
      message: stored,
      pending: undefined,
    });
  });

  test('an unsent message that is stored already is shown once', () => {
    const stored = message(1, { senderId: ME, clientMessageId: 'p1' });
    expect(show(arrange({ messages: [stored], pending: [unsent(1)] }))).toEqual(['day 2026-11-29', '+me 1']);
  });

  test('two senders may use one clientMessageId', () => {
    const messages = [
      message(1, { clientMessageId: 'x' }),
      message(2, { clientMessageId: 'x', senderId: 'bob' }),
    ];
    const keys = arrange({ messages }).items.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test('whatever the clocks say, messages are shown by seq, each once, unsent ones last, with unique keys', () => {
  const time = fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString());
  const entry = fc.record({ senderId: fc.constantFrom('ann', 'bob', ME), createdAt: time });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 20 }),
      fc.array(time, { maxLength: 4 }),
      (entries, unsentTimes) => {
        const messages = entries.map((fields, index) => message(index + 1, fields));
        const pending = unsentTimes.map((createdAt, index) => unsent(index + 1, { createdAt }));
        const { items } = arrange({ messages, pending });
        const bubbles = items.filter((item): item is MessageItem => item.kind === 'message');
        expect(bubbles.map((item) => item.message ?? item.pending)).toEqual([...messages, ...pending]);
        expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
      },
    ),
    { numRuns: 100 },
  );
});
