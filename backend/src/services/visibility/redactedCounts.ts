import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { CountRange, SenderCount, UnreadExceptions } from '../../models/unreadExceptions.js';
import { BatchLoader } from '../../utils/batchLoader.js';
import { groupBy } from '../../utils/groupBy.js';
import { unreadCount, type EffectivePosition } from '../positions/index.js';
import type { BlockDirectory } from './blockDirectory.js';

interface RedactedCountDeps {
  unreadExceptions: Pick<UnreadExceptions, 'countBySender'>;
  blocks: Pick<BlockDirectory, 'of'>;
}

type CountedConversation = Pick<
  ConversationRecord,
  | '_id'
  | 'type'
  | 'participants'
  | 'apart'
  | 'control'
  | 'tailControl'
  | 'removalSeq'
  | 'lastSeq'
  | 'messageCount'
  | 'lastDeletedSeq'
>;

interface Counted {
  conversation: CountedConversation;
  /** Position of the viewer. */
  reached: Pick<EffectivePosition, 'readSeq' | 'readN' | 'hiddenNs'>;
}

/** Unread entries of one conversation, newest first, that are searched for messages of blocked senders. */
const MAX_EXAMINED = 2_000;

interface RangeCount extends SenderCount {
  /** Requests that this count answers. */
  requests: readonly CountRange[];
}

/** Counts of the ranges of one command, by their keys. */
export type RangeCounts = Map<string, Promise<readonly RangeCount[]>>;

/**
 * Counts the messages that a viewer has not read, without messages deleted for everyone and, in groups, without those
 * of senders blocked by the viewer. Needs a query only if a message after the read position was deleted, or if a
 * blocked sender may have written after it. One query serves all conversations, whatever the number of blocks.
 */
export class RedactedCounts {
  readonly #deps: RedactedCountDeps;
  readonly #ranges: BatchLoader<CountRange, RangeCount>;

  constructor(deps: RedactedCountDeps) {
    this.#deps = deps;
    this.#ranges = new BatchLoader(
      (ranges) => this.#find(ranges),
      ({ requests }) => requests,
    );
  }

  /**
   * Returns the number of unread messages by conversation.
   *
   * @param known ranges that the same command has counted; gets those that are counted now.
   */
  async unread(
    viewer: UserId,
    counted: readonly Counted[],
    known: RangeCounts = new Map(),
  ): Promise<ReadonlyMap<ConversationId, number>> {
    const { blocked } = await this.#deps.blocks.of(viewer);
    const counts = await Promise.all(
      counted.map(async ({ conversation, reached }) => {
        const all = unreadCount(conversation, reached);
        const ranges = all === 0 ? [] : rangesOf(conversation, reached, blocked);
        const found = await Promise.all(ranges.map((range) => this.#countOnce(range, known)));
        const exceptions = found
          .flat()
          .filter(({ isDeleted, senderId }) => isDeleted || blocked.has(senderId))
          .reduce((sum, { count }) => sum + count, 0);
        return [conversation._id, Math.max(0, all - exceptions)] as const;
      }),
    );
    return new Map(counts);
  }

  #countOnce(range: CountRange, known: RangeCounts): Promise<readonly RangeCount[]> {
    const key = rangeKey(range);
    const counting = known.get(key) ?? this.#ranges.load([range]);
    known.set(key, counting);
    return counting;
  }

  /** Counts equal ranges once: viewers of one conversation often have the same read position. */
  async #find(ranges: readonly CountRange[]): Promise<RangeCount[]> {
    const groups = [...groupBy(ranges, rangeKey).values()];
    const counts = await this.#deps.unreadExceptions.countBySender(groups.flatMap(([first]) => first ?? []));
    return counts.map((count) => ({ ...count, requests: groups[count.range] ?? [] }));
  }
}

/**
 * Returns the log ranges after a read position that must be examined: the newest entries for blocked senders, the
 * older ones for deletions only.
 */
function rangesOf(
  conversation: CountedConversation,
  { readSeq, hiddenNs }: Counted['reached'],
  blocked: ReadonlySet<UserId>,
): CountRange[] {
  const { _id: conversationId, lastSeq, lastDeletedSeq = 0 } = conversation;
  const shared = { conversationId, exceptNs: hiddenNs };
  const examinedSeq = mayHaveBlockedSenders(conversation, readSeq, blocked)
    ? Math.max(readSeq, lastSeq - MAX_EXAMINED)
    : lastSeq;
  const deletedSeq = Math.min(lastDeletedSeq, examinedSeq);
  return [
    ...(deletedSeq > readSeq ? [{ ...shared, afterSeq: readSeq, toSeq: deletedSeq, onlyDeleted: true }] : []),
    ...(examinedSeq < lastSeq
      ? [{ ...shared, afterSeq: examinedSeq, toSeq: lastSeq, onlyDeleted: false }]
      : []),
  ];
}

/** True when a blocked user may have sent a message after the read position. */
function mayHaveBlockedSenders(
  { type, participants, apart, control, tailControl, removalSeq = 0 }: CountedConversation,
  readSeq: number,
  blocked: ReadonlySet<UserId>,
): boolean {
  if (blocked.size === 0 || type === 'direct') return false;
  // If no member has left since that position, the participants include every sender after it.
  const isListOfSenders =
    apart !== true && type === 'group' && tailControl <= control && removalSeq <= readSeq;
  return !isListOfSenders || participants.some((userId) => blocked.has(userId));
}

/** Key of a range: equal for equal ranges of different viewers. */
const rangeKey = ({ conversationId, afterSeq, toSeq, exceptNs, onlyDeleted }: CountRange): string =>
  [conversationId, afterSeq, toSeq, onlyDeleted, ...exceptNs].join(' ');
