import type { FinalMessage, History, Membership } from '../history.js';
import { late, some, type Mutation } from './material.js';

/** Finds a removed member of a group, and a message sent afterwards. */
function afterwards({ final }: History): { left: Membership; message: FinalMessage } {
  for (const { _id, members } of final.conversations) {
    for (const left of members) {
      const spells = members.filter(({ userId }) => userId === left.userId);
      const isTheirs = (seq: number): boolean =>
        spells.some((one) => seq >= one.fromSeq && seq <= (one.untilSeq ?? Infinity));
      const message = final.messages.find(
        (one) =>
          one.conversationId === _id &&
          one.isMembershipEvent !== true &&
          one.seq > (left.untilSeq ?? Infinity) &&
          !isTheirs(one.seq),
      );
      if (message !== undefined) return { left, message };
    }
  }
  return some<never>(undefined, 'message behind a removal');
}

/** Mutations: a removed member still receives, reads or writes. */
export const LEFT: Record<string, Mutation> = {
  'a removed member hears a message': {
    rule: 'leak',
    apply: (history) => {
      const { left, message } = afterwards(history);
      const { userId: user } = left;
      history.events.push({ client: `${user}/1`, user, at: late(history), kind: 'heard', message });
    },
  },
  'a removed member gets a page': {
    rule: 'leak',
    apply: (history) => {
      const { left, message } = afterwards(history);
      const { userId: user } = left;
      const { conversationId, seq } = message;
      const asked = { askedAt: late(history), fromSeq: seq, toSeq: seq, limit: 1 };
      history.events.push({
        ...{ client: `${user}/1`, user, at: late(history), kind: 'page', conversationId },
        ...{ ...asked, lastSeq: seq, messages: [message] },
      });
    },
  },
  'a message of a removed member is stored': {
    rule: 'leak',
    apply: (history) => {
      const { left, message } = afterwards(history);
      message.senderId = left.userId;
    },
  },
};
