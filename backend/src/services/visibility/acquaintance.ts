import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { Summaries } from '../derived/index.js';
import type { BlockDirectory } from './blockDirectory.js';

/** Last messages of the participants of a direct conversation, by index in `participants`. */
type SentByIndex = Pick<ConversationRecord, 'lastSent' | 'lastQuiet'>;

/** True when this participant has sent a message that others see, with read receipts switched on or off. */
export const hasWritten = ({ lastSent, lastQuiet }: SentByIndex, index: number): boolean =>
  (lastSent[index] ?? 0) > 0 || lastQuiet?.[index] !== undefined;

/**
 * True when both participants of a direct conversation have sent a message in it, according to its summary. Shadow
 * messages do not count.
 */
export const haveBothWritten = (
  conversation: SentByIndex & Pick<ConversationRecord, 'participants'>,
): boolean => conversation.participants.every((_, index) => hasWritten(conversation, index));

interface AcquaintanceDeps {
  conversations: Pick<ConversationModel, 'findByIds'>;
  messages: Pick<MessageModel, 'hasRecentVisibleMessage'>;
  summaries: Pick<Summaries, 'overlay'>;
  blocks: Pick<BlockDirectory, 'of'>;
}

/**
 * Determines whether two users have met: both have sent a message in their direct conversation. A user who has met
 * the blocker gets `BLOCKED`. For other users the block is hidden: their conversation stays available, and the
 * blocker does not receive their messages.
 */
export class Acquaintance {
  readonly #deps: AcquaintanceDeps;

  constructor(deps: AcquaintanceDeps) {
    this.#deps = deps;
  }

  /** Like `haveBothWritten`, but also checks the log: another process may not have written its summary yet. */
  async haveMet(stored: ConversationRecord): Promise<boolean> {
    const record = this.#deps.summaries.overlay(stored);
    if (haveBothWritten(record)) return true;
    const { _id, participants } = record;
    const undecided = participants.filter((_, index) => !hasWritten(record, index));
    const haveWritten = await Promise.all(
      undecided.map((id) => this.#deps.messages.hasRecentVisibleMessage(_id, id)),
    );
    return haveWritten.every((hasWrittenLately) => hasWrittenLately);
  }

  /** True when at least one user has blocked this user. */
  async isBlocked(userId: UserId): Promise<boolean> {
    return (await this.#deps.blocks.of(userId)).blockedBy.size > 0;
  }

  /** True when a user is blocked in a direct conversation by a user they have never met. */
  async hasHiddenBlock(userId: UserId, record: ConversationRecord): Promise<boolean> {
    const other = record.participants.find((id) => id !== userId);
    if (record.type !== 'direct' || other === undefined) return false;
    const { blocked, blockedBy } = await this.#deps.blocks.of(userId);
    const isBlocked = blockedBy.has(other) || record.blockedBy.includes(other);
    return isBlocked && !blocked.has(other) && !(await this.haveMet(record));
  }

  /** Returns a predicate: true for those of the given pairs that have a hidden block. Takes one query in most cases. */
  async findHiddenBlocks(
    pairs: readonly { userId: UserId; conversationId: ConversationId }[],
  ): Promise<(one: { userId: UserId; conversationId: ConversationId }) => boolean> {
    const ids = [...new Set(pairs.map(({ conversationId }) => conversationId))];
    const records = await this.#deps.conversations.findByIds(ids);
    const byId = new Map(records.map((record) => [record._id, record]));
    const byKey = new Map(pairs.map((one) => [pairKey(one), one]));
    const hiddenBlocks = new Set<string>();
    await Promise.all(
      [...byKey].map(async ([key, { userId, conversationId }]) => {
        const record = byId.get(conversationId);
        if (record !== undefined && (await this.hasHiddenBlock(userId, record))) hiddenBlocks.add(key);
      }),
    );
    return (one) => hiddenBlocks.has(pairKey(one));
  }
}

const pairKey = ({ userId, conversationId }: { userId: UserId; conversationId: ConversationId }): string =>
  `${conversationId}${userId}`;
