import type { UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { MembershipWriter } from '../membership/membershipWriter.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { Committed } from './entry.js';

/** This process's right to write: other processes take over for one whose lease has run out. */
export interface Lease {
  /** Resolves when the lease is good; waits for as long as the database is away. */
  ensureFresh(): Promise<void>;
  isFresh(): boolean;
  /** Tries one small write. @throws when the database does not take it. */
  probe(): Promise<void>;
}

export interface CommitLogParts {
  messages: Pick<MessageModel, 'insert' | 'findTail' | 'findByClientIds' | 'findByIds'>;
  conversations: Pick<ConversationModel, 'findByIds'>;
  memberships: MembershipStore;
  /** Writes what committed control entries mean. */
  membershipWriter: MembershipWriter;
  lease: Lease;
  /** Whose messages nobody else is to see, and who has blocked whom, as of a second ago at most. */
  safety: {
    ensureFresh(): Promise<void>;
    refresh(): Promise<void>;
    isRestricted(userId: UserId): boolean;
    areApart(a: UserId, b: UserId): boolean;
  };
  metrics: Metrics;
  logger: Logger;
  /** True while what follows from the messages cannot keep up with them: nothing more is taken in. */
  isBehind: () => boolean;
  /** Called once per batch, after the insert and before anybody is answered: emit, and note for the summaries. */
  onCommitted: (committed: readonly Committed[]) => void;
}
