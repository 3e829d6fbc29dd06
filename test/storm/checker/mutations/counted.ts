import type { History } from '../history.js';
import { some, find, isDirect, late, type Mutation } from './material.js';

const hasAcked = (
  { events }: History,
  end: { conversationId: string; seq: number; before: number },
): boolean =>
  events.some(
    (one) =>
      one.kind === 'acked' &&
      one.at < end.before &&
      one.message.conversationId === end.conversationId &&
      one.message.seq >= end.seq,
  );

/** The part of an answered position that is stored. The rest may be derived from messages: later answers need not have it. */
const confirmedSeq = ({ askedSeq, readSeq }: { askedSeq: number; readSeq: number }): number =>
  Math.min(askedSeq, readSeq);

/** Mutations: positions move back, counts are wrong, a member is refused. */
export const COUNTED: Record<string, Mutation> = {
  'a report is answered with a place further back': {
    rule: 'backwards',
    apply: (history) => {
      // Only positions acknowledged before the request must be in the answer.
      const event = find(
        history,
        'advanced',
        ({ wasRead, readSeq, askedSeq, askedAt, conversationId }) =>
          wasRead &&
          readSeq === askedSeq &&
          hasAcked(history, { conversationId, seq: readSeq, before: askedAt }),
      );
      event.readSeq -= 1;
    },
  },
  'a position is shown further back than it was': {
    rule: 'backwards',
    apply: (history) => {
      const before = find(history, 'advanced', (one) => one.wasRead && confirmedSeq(one) > 0);
      const { conversationId, userId, deliveredSeq, client, user } = before;
      const own = [{ conversationId, userId, readSeq: confirmedSeq(before) - 1, deliveredSeq }];
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
            conversationId === one.conversationId && senderId !== one.userId && seq <= confirmedSeq(one),
        );
        return one.wasRead && stored !== undefined && isDirect(history, one.conversationId);
      });
      const { conversationId, userId } = advanced;
      const stored = some(
        history.final.messages.find(
          (one) =>
            one.conversationId === conversationId &&
            one.senderId !== userId &&
            one.seq <= confirmedSeq(advanced),
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
  'a member is refused': {
    rule: 'refusal',
    apply: (history) => {
      const {
        at: _when,
        kind: _kind,
        attempt: _attempt,
        ...send
      } = find(history, 'send', (one) => isDirect(history, one.conversationId));
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
