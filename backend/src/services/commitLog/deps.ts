import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { MembershipStore, MembershipWriter } from '../membership/index.js';
import type { DatabaseTime, Lease } from '../runtime/index.js';
import type { Restrictions } from '../visibility/index.js';
import type { Committed } from './entry.js';

export interface CommitLogDeps {
  messages: Pick<MessageModel, 'insert' | 'findTail' | 'findByClientIds' | 'findByIds' | 'findShadowActions'>;
  conversations: Pick<ConversationModel, 'findByIds'>;
  memberships: MembershipStore;
  /** Writes member documents and member lists after membership events. */
  membershipWriter: MembershipWriter;
  lease: Lease;
  time: Pick<DatabaseTime, 'now'>;
  /** Restrictions and blocks. `ensureFresh` guarantees that they are at most one second old. */
  safety: {
    ensureFresh(): Promise<void>;
    refresh(): Promise<void>;
    restrictions: Pick<Restrictions, 'shadowOf' | 'checkAction'>;
    isBlockedPair(a: UserId, b: UserId): boolean;
    /**
     * Returns a predicate that is true for senders who were blocked by the other user of a direct conversation without
     * ever having met that user. These blocks are not revealed to the sender.
     */
    findHiddenBlocks(
      asked: readonly { userId: UserId; conversationId: ConversationId }[],
    ): Promise<(one: { userId: UserId; conversationId: ConversationId }) => boolean>;
    /** True when a user has blocked another user, or is blocked by one. */
    hasBlocks(userId: UserId): boolean;
    /** True when a user has read receipts switched on. */
    showsReads(userId: UserId): boolean;
  };
  metrics: Metrics;
  logger: Logger;
  /** True while conversation summaries lag too far behind. New messages are refused then. */
  isBehind: () => boolean;
  /** Called for each group of stored messages, before their senders are answered: publishes and summarises them. */
  onCommitted: (committed: readonly Committed[]) => void;
}
