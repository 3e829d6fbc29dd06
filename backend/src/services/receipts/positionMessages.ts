import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { EntryFacts, MessageModel } from '../../models/messageModel.js';
import { visibleFrom } from '../membership/index.js';
import type { BlockDirectory } from '../visibility/index.js';
import { ownPosition, shownMove, type Move } from './positionAdvance.js';

interface PositionMessagesDeps {
  messages: Pick<MessageModel, 'factsUpTo'>;
  blocks: Pick<BlockDirectory, 'of' | 'peek'>;
}

/**
 * Returns the id of the message at a position of a move, or of the nearest earlier one that the viewer sees. Undefined when
 * there is none among the last `MAX_ENTRIES` entries.
 */
export type MessageLookup = (viewer: UserId, move: Move, seq: number) => MessageId | undefined;

/** Entries examined per position: the one at the position and those before it. */
const MAX_ENTRIES = 5;

const keyOf = (conversationId: ConversationId, seq: number): string => `${conversationId}${seq}`;

/**
 * Finds the messages that positions name. A position at the end of a log is answered from the conversation's summary, one
 * that was reported by message id from that report, and all others of a batch in one query.
 */
export class PositionMessages {
  readonly #deps: PositionMessagesDeps;

  constructor(deps: PositionMessagesDeps) {
    this.#deps = deps;
  }

  /** @param news moves that are pushed to other members, too. */
  async load(moves: readonly Move[], news: readonly Move[]): Promise<MessageLookup> {
    await this.#loadBlocks(moves);
    const entries = new Map<string, EntryFacts>();
    for (const { named } of moves) {
      if (named !== undefined) entries.set(keyOf(named.conversationId, named.seq), named);
    }
    const pushed = new Set(news);
    const missing = new Map<string, { conversationId: ConversationId; seq: number }>();
    for (const move of moves) {
      const { conversationId } = move;
      const mayBeHidden = this.#hasBlocks(move);
      for (const seq of positionsOf(move, pushed.has(move))) {
        const key = keyOf(conversationId, seq);
        const isKnown = isPlain(entries.get(key)) || isNewestMessage(move, seq);
        if (!isKnown || mayBeHidden) missing.set(key, { conversationId, seq });
      }
    }
    if (missing.size > 0) {
      for (const entry of await this.#deps.messages.factsUpTo([...missing.values()], MAX_ENTRIES)) {
        entries.set(keyOf(entry.conversationId, entry.seq), entry);
      }
    }
    return (viewer, move, seq) => this.#find(entries, { viewer, move, seq });
  }

  #find(
    entries: ReadonlyMap<string, EntryFacts>,
    { viewer, move, seq }: { viewer: UserId; move: Move; seq: number },
  ): MessageId | undefined {
    const { conversationId, record } = move;
    if (!entries.has(keyOf(conversationId, seq)) && isNewestMessage(move, seq)) return record.lastMessageId;
    for (let at = seq; at > Math.max(0, seq - MAX_ENTRIES); at -= 1) {
      const entry = entries.get(keyOf(conversationId, at));
      if (entry !== undefined && this.#sees(viewer, move, entry)) return entry._id;
    }
    return undefined;
  }

  /** Messages that viewers deleted for themselves or cleared are not excluded: they know the ids. */
  #sees(viewer: UserId, { membership, userId, visibleFromSeq }: Move, entry: EntryFacts): boolean {
    const { kind, silent, shadow, senderId, seq } = entry;
    if (kind === 'system' || silent === true || (shadow === true && senderId !== viewer)) return false;
    if (membership.type === 'direct') return true;
    const facts = membership.members.get(viewer);
    const joined = facts === undefined ? Infinity : visibleFrom(membership, facts);
    if (seq < (viewer === userId ? visibleFromSeq : joined)) return false;
    return this.#deps.blocks.peek(viewer)?.blocked.has(senderId) === false;
  }

  async #loadBlocks(moves: readonly Move[]): Promise<void> {
    const { blocks } = this.#deps;
    const viewers = new Set(moves.filter(isGroup).flatMap(viewersOf));
    await Promise.all(
      [...viewers].filter((userId) => blocks.peek(userId) === undefined).map((userId) => blocks.of(userId)),
    );
  }

  /** True when a viewer of the move may have blocked the sender of a message: the summary does not name the sender. */
  #hasBlocks(move: Move): boolean {
    const { type, members } = move.membership;
    if (!isGroup(move)) return false;
    return viewersOf(move).some((viewer) =>
      // Not all members of a channel are known here, so any block counts.
      [...(this.#deps.blocks.peek(viewer)?.blocked ?? [])].some(
        (id) => type === 'channel' || members.has(id),
      ),
    );
  }
}

const isGroup = ({ membership }: Move): boolean => membership.type !== 'direct';

/** The member, and the others who are notified. Large groups and channels notify no others. */
const viewersOf = ({ userId, record }: Move): UserId[] => [...new Set([userId, ...record.participants])];

const isPlain = (entry: EntryFacts | undefined): boolean =>
  entry !== undefined && entry.kind !== 'system' && entry.silent !== true && entry.shadow !== true;

/** True when the summary says that this entry is the newest message, and not a membership event. */
const isNewestMessage = ({ record }: Move, seq: number): boolean =>
  seq === record.lastMessageSeq && seq > record.tailControl;

/** Positions for which a message is named, to the member and to others. */
function positionsOf(move: Move, isPushed: boolean): number[] {
  const own = ownPosition(move);
  const positions = [move.status === 'read' ? own.readSeq : own.deliveredSeq];
  if (isPushed && move.share !== 'nothing' && move.record.participants.length > 0) {
    const { after } = shownMove(move);
    positions.push(after.deliveredSeq, ...(move.status === 'read' ? [after.readSeq] : []));
  }
  return [...new Set(positions)].filter((seq) => seq > 0);
}
