import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { ApartConversations } from './apartConversations.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { Lookups } from './lookups.js';
import { isListed, isMuted, type Own } from './ownState.js';
import { effectivePosition, type Positions } from './present.js';
import type { Sight } from './safety/index.js';
import { isSound } from './sound.js';

interface UnreadParts {
  lookups: Lookups;
  members: Pick<MemberModel, 'findOwn'>;
  apart: ApartConversations;
  sight: Pick<Sight, 'veiledCounts'>;
  summaries: Pick<Summaries, 'overlay' | 'unreadFor'>;
  time: DatabaseTime;
}

/** A conversation with something unread, or marked so. */
export interface Unread {
  conversation: ConversationRecord;
  count: number;
  isMuted: boolean;
}

export interface UnreadTotals {
  /** Messages in conversations that are not muted. */
  totalUnread: number;
  mutedUnread: number;
  /** Conversations with something unread or marked so, without the muted ones. */
  conversations: number;
}

/** A user with more candidates than this has them counted apart. */
const MAX_GATHERED = 200;

/**
 * What a user has not read, over all conversations: the one formula of every badge. Looks only at conversations that
 * may have something unread (`maybeUnread`, a superset), at the large groups and channels, and at what is marked.
 */
export class UnreadCounts {
  readonly #parts: UnreadParts;

  constructor(parts: UnreadParts) {
    this.#parts = parts;
  }

  async totals(userId: UserId): Promise<UnreadTotals> {
    const unread = await this.find(userId);
    const sum = (some: readonly Unread[]): number => some.reduce((total, { count }) => total + count, 0);
    const loud = unread.filter((one) => !one.isMuted);
    return {
      totalUnread: sum(loud),
      mutedUnread: sum(unread.filter((one) => one.isMuted)),
      conversations: loud.length,
    };
  }

  async find(userId: UserId): Promise<Unread[]> {
    const { lookups, apart, summaries } = this.#parts;
    const unwritten = summaries.unreadFor(userId);
    const { found, apart: beside } = await apart.beside(userId, () =>
      Promise.all([lookups.maybeUnread.load([userId]), lookups.marked.load([userId])]),
    );
    const [stored, marked] = found;
    const known = new Set([...stored, ...beside].map(({ _id }) => _id));
    const others = [...unwritten, ...marked.map(({ conversationId }) => conversationId)];
    const more = await lookups.conversations.load(others.filter((id) => !known.has(id)));
    const byId = new Map([...stored, ...more, ...beside].map((record) => [record._id, record]));
    // The superset may hold people who have left; and what is not shown as a chat does not count either.
    const candidates = [...byId.values()]
      .filter((record) => isSound(record) && (record.apart === true || record.participants.includes(userId)))
      .map((record) => summaries.overlay(record));
    return this.#count(userId, candidates);
  }

  /** Positions are read behind the counts: a message of one's own is never counted without its sender's position. */
  async #count(userId: UserId, candidates: readonly ConversationRecord[]): Promise<Unread[]> {
    const own = await this.#ownStates(userId, candidates);
    const now = this.#parts.time.now();
    const listed = candidates.flatMap((conversation) => {
      const mine = own.get(conversation._id);
      if (!isListed(conversation, mine)) return [];
      // Of a conversation without a list of members the own document says whether one is in it.
      if (conversation.apart === true && mine === undefined) return [];
      const positions: Positions = mine === undefined ? NOWHERE : new Map([[userId, mine]]);
      return [{ conversation, mine, reached: effectivePosition(conversation, positions, userId) }];
    });
    const counts = await this.#parts.sight.veiledCounts.unread(userId, listed);
    return listed.flatMap(({ conversation, mine }) => {
      const count = counts.get(conversation._id) ?? 0;
      if (count === 0 && mine?.markedUnread !== true) return [];
      return [{ conversation, count, isMuted: isMuted(mine, now) }];
    });
  }

  /** Of a few direct chats together with what others look up; of many, one range over all that the user has. */
  async #ownStates(
    userId: UserId,
    candidates: readonly ConversationRecord[],
  ): Promise<ReadonlyMap<ConversationId, Own & MemberRecord>> {
    const { lookups, members } = this.#parts;
    const idsOf = (some: readonly ConversationRecord[]) => some.map(({ _id }) => _id);
    const direct = idsOf(candidates.filter(({ type }) => type === 'direct'));
    const groups = idsOf(candidates.filter(({ type }) => type !== 'direct'));
    const found =
      candidates.length > MAX_GATHERED
        ? await members.findOwn(userId, idsOf(candidates))
        : (await Promise.all([lookups.positions.load(direct), members.findOwn(userId, groups)])).flat();
    return new Map(
      found.filter((member) => member.userId === userId).map((member) => [member.conversationId, member]),
    );
  }
}

const NOWHERE: Positions = new Map();
