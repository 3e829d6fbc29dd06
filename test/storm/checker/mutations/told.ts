import { HIDDEN } from '../history.js';
import { some, find, findHeld, tailOf, stranger, late, type Mutation } from './material.js';

/** Mutations: a client sees something wrong, something private, or not everything. */
export const TOLD: Record<string, Mutation> = {
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
      const page = find(
        history,
        'page',
        ({ messages: [_first, second] }) => (second?._id ?? HIDDEN) !== HIDDEN,
      );
      const [first, second] = page.messages;
      page.messages.splice(0, 2, { ...some(second, 'message'), seq: 1 }, some(first, 'message'));
    },
  },
  'somebody lacks the end of a conversation': {
    rule: 'history',
    apply: (history) => void findHeld(history, 'final', (ids) => ids.length > 0).pop(),
  },
  'somebody has two messages in the other order': {
    rule: 'history',
    apply: (history) => {
      const ids = findHeld(history, 'final', ([first, second]) => second !== undefined && second !== first);
      ids.splice(0, 2, ids[1] ?? '', ids[0] ?? '');
    },
  },
  'the history read anew has a hole': {
    rule: 'history',
    apply: (history) => void findHeld(history, 'fresh', (ids) => ids.length > 1).splice(0, 1),
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
  'a client of the SDK has seen a broken promise': {
    rule: 'witness',
    apply: (history) => {
      const { client, user, message } = find(history, 'acked');
      const { conversationId } = message;
      const event = { client, user, at: late(history), conversationId };
      history.events.push({ ...event, kind: 'violation', promise: 'positionBack', details: '{}' });
    },
  },
};
