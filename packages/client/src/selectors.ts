/** Values that follow from `client.state`. Pure functions; results that are objects keep their references as described. */
export { isMutedAt, positionOf } from './state/conversations.js';
export { isContent, isMessage, quoteOf } from './state/entries.js';
export { listOf, sortedConversations, type ConversationFilter } from './state/listSelectors.js';
export { covers, entryAt, gapsIn, indexOfSeq, newestRun, type SeqRange } from './state/log.js';
export { isConnected } from './state/reduce.js';
export { asideKey } from './state/reduceMessages.js';
export {
  closedReasonOf,
  conversationOf,
  logOf,
  mayManage,
  mayRemove,
  messagesIn,
  nowAt,
  peerOf,
  pendingOf,
  readersOf,
  readSeqOf,
  rightsOf,
  statusOf,
  unreadOf,
  userOf,
  type ClosedReason,
} from './state/selectors.js';
export { totalUnread, unreadConversations } from './state/unreadTotals.js';
