import type { Outcome } from '../frame/task.js';

/** Returns for example `6 before = 6 after`. */
const both = (before: number, after: number): string =>
  `${before} before ${before === after ? '=' : '≠'} ${after} after`;

/** Returns sentences about the conversations and messages that a merge changed. */
export function summariseMerges({ counts, isTrial }: Outcome): string[] {
  const { conversationsMerged = 0, pairs = 0, messagesBefore, messagesAfter } = counts;
  if (conversationsMerged === 0) return [];
  if (isTrial) {
    return [
      `${conversationsMerged} conversations of ${pairs} pairs would become ${pairs}; every message stays.`,
    ];
  }
  const messages =
    messagesBefore === undefined ? '' : ` Their messages: ${both(messagesBefore, messagesAfter ?? 0)}.`;
  return [
    `${conversationsMerged} conversations of ${pairs} pairs have become ${pairs}.${messages} The old ones redirect to the new ones.`,
  ];
}

/** Returns sentences about the conversations and messages that a split changed. */
export function summariseSplit(outcome: Outcome): string[] {
  const { messages = 0, messagesMoved = 0, pairChats = 0, unattributedChats = 0 } = outcome.counts;
  const merges = summariseMerges(outcome);
  if (messages === 0 || outcome.isTrial) return merges;
  return [
    `User messages: ${both(messages, messagesMoved)}, in ${pairChats} chats of two and ${unattributedChats} of messages without addressee. The old chats redirect to them.`,
    ...merges,
  ];
}
