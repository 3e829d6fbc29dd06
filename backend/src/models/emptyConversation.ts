/**
 * Returns the fields of a conversation without messages.
 *
 * @param directMembers number of participants of a direct conversation, in `participants`; 0 for other types.
 * @param at time of creation, at which it stands in lists until there is a message.
 */
export const emptyConversation = (directMembers: number, at: Date) => ({
  messageCount: 0,
  lastSeq: 0,
  rev: 0,
  lastSent: Array.from({ length: directMembers }, () => 0),
  ...(directMembers > 0 && { lastSentN: Array.from({ length: directMembers }, () => 0) }),
  maybeUnread: [],
  occasions: [],
  lastMessageAt: at,
  createdAt: at,
  changedAt: at,
});
