import { z } from 'zod';
import {
  LIMITS,
  type ConversationId,
  type OwnView,
  type SyncAnswer,
  type UserId,
} from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { ApartConversations } from './apartConversations.js';
import { isSound } from './sound.js';
import type { ConversationViews } from './conversationViews.js';
import { decodeCursor, encodeCursor, timeMs } from './cursors.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { Lookups } from './lookups.js';
import { isListed, isOver, needsConversation } from './ownState.js';
import { toOwnView } from './ownViews.js';
import type { UnreadCounts } from './unreadCounts.js';

interface SyncParts {
  conversations: Pick<ConversationModel, 'findChanged'>;
  members: Pick<MemberModel, 'findChanged'>;
  lookups: Pick<Lookups, 'conversations'>;
  apart: ApartConversations;
  unread: UnreadCounts;
  views: ConversationViews;
  summaries: Pick<Summaries, 'overlay'>;
  time: DatabaseTime;
  /** Places that a user has deleted for themselves in these conversations since a time. */
  hiddenSeqs: (
    userId: UserId,
    ids: readonly ConversationId[],
    since: Date,
  ) => Promise<ReadonlyMap<ConversationId, number[]>>;
  /** Database time before which every write is visible to a reader. */
  visibleThrough: () => Promise<Date>;
  /** Names the history of this database. */
  epoch: () => string;
}

interface Place {
  changedAt: Date;
  _id: string;
}

/** Where two walks (conversations, own positions) have come, and the time that the whole round will have reached. */
interface Cursor {
  conversations: Place;
  own: Place;
  /** Set while a round is under way over several pages. */
  untilMs: number | undefined;
}

/** The database's time is known within a round trip; going back this far costs repeats, never a loss. */
const OVERLAP_MS = 2_000;
const place = z.tuple([timeMs, z.string().regex(/^[0-9a-f]{24}$/)]);
const cursorTuple = z.tuple([z.string().max(64), place, place, timeMs]);
const FIRST_ID = '0'.repeat(24);

const startAt = (changedAt: Date): Cursor => ({
  conversations: { changedAt, _id: FIRST_ID },
  own: { changedAt, _id: FIRST_ID },
  untilMs: undefined,
});

/** What changed for a user since a cursor, however long ago. Cursors follow the database's commit order, not a clock. */
export class SyncService {
  readonly #parts: SyncParts;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** A cursor that misses nothing that becomes visible after this moment. */
  async cursorNow(): Promise<string> {
    // Named before it is read: should it change meanwhile, the cursor is of the old one and says so.
    const epoch = this.#parts.epoch();
    return encode(epoch, startAt(await this.#safeNow()));
  }

  /**
   * One page of changes. Without a cursor, or with one of another history of the database (`reload`), from the start.
   *
   * @throws AppError `VALIDATION` for a cursor that is not one.
   */
  async sync(caller: UserId, cursor: string | undefined): Promise<SyncAnswer> {
    // One for the whole answer: should it change meanwhile, the next `sync` is told so.
    const epoch = this.#parts.epoch();
    const { from, reload } = decode(epoch, cursor);
    const until = from.untilMs === undefined ? await this.#safeNow() : new Date(from.untilMs);
    const [conversations, own, totals] = await Promise.all([
      this.#findChanged(caller, from.conversations),
      this.#parts.members.findChanged(caller, LIMITS.syncPage, {
        changedAt: from.own.changedAt,
        conversationId: from.own._id,
      }),
      this.#parts.unread.totals(caller),
    ]);
    const hasMore = conversations.length === LIMITS.syncPage || own.length === LIMITS.syncPage;
    const next = hasMore
      ? { ...walked(from, conversations, own), untilMs: until.getTime() }
      : startAt(later(until, from));
    const left = own
      .filter(({ leftSeq }) => leftSeq !== undefined)
      .map(({ conversationId }) => conversationId);
    const gone = new Set([...left, ...conversations.filter(isOver).map(({ _id }) => _id)]);
    return {
      conversations: await this.#parts.views.present(
        caller,
        // Poison in the database is left out; the walk goes on behind it.
        conversations.filter((one) => isSound(one) && !gone.has(one._id)),
        isListed,
      ),
      own: await this.#ownViews(
        own.filter(({ conversationId }) => !gone.has(conversationId)),
        // Behind the first page of a round a place may have been hidden before what its walk has come to.
        from.untilMs === undefined ? from.own.changedAt : new Date(0),
      ),
      removed: [...gone],
      cursor: encode(epoch, next),
      hasMore,
      epoch,
      ...(reload && { reload }),
      totalUnread: totals.totalUnread,
      mutedUnread: totals.mutedUnread,
    };
  }

  /**
   * A page of conversations in the order of their changes: those with a list of members, and the large groups and
   * channels, which are all looked at, as there are few. A group that changes its size changes while it does: what this
   * page misses of it lies behind its cursor.
   */
  async #findChanged(caller: UserId, after: Place): Promise<ConversationRecord[]> {
    const { found, apart } = await this.#parts.apart.beside(caller, () =>
      this.#parts.conversations.findChanged(caller, LIMITS.syncPage, after),
    );
    const listed = new Set(found.map(({ _id }) => _id));
    const beside = apart.filter((one) => !listed.has(one._id) && inOrder(after, one) < 0);
    return [...found, ...beside].sort(inOrder).slice(0, LIMITS.syncPage);
  }

  async #ownViews(members: readonly MemberRecord[], since: Date): Promise<OwnView[]> {
    const [caller] = members.map(({ userId }) => userId);
    if (caller === undefined) return [];
    const { lookups, summaries, time, hiddenSeqs } = this.#parts;
    const idsOf = (some: readonly MemberRecord[]) => some.map(({ conversationId }) => conversationId);
    const [found, hidden] = await Promise.all([
      lookups.conversations.load(idsOf(members.filter(needsConversation))),
      hiddenSeqs(caller, idsOf(members), since),
    ]);
    const byId = new Map(found.map((record) => [record._id, summaries.overlay(record)]));
    const now = time.now();
    return members.map((own) => {
      const seqs = hidden.get(own.conversationId);
      return {
        ...toOwnView(own, { conversation: byId.get(own.conversationId), now }),
        ...(seqs !== undefined && seqs.length > 0 && { hiddenSeqs: seqs }),
      };
    });
  }

  async #safeNow(): Promise<Date> {
    return new Date((await this.#parts.visibleThrough()).getTime() - OVERLAP_MS);
  }
}

const encode = (epoch: string, { conversations, own, untilMs }: Cursor): string =>
  encodeCursor([
    epoch,
    [conversations.changedAt.getTime(), conversations._id],
    [own.changedAt.getTime(), own._id],
    untilMs ?? 0,
  ]);

/** A cursor of another epoch is of another history of the database: from the start. */
function decode(current: string, cursor: string | undefined): { from: Cursor; reload: boolean } {
  if (cursor === undefined) return { from: startAt(new Date(0)), reload: false };
  const [epoch, conversations, own, untilMs] = decodeCursor(cursor, cursorTuple);
  if (epoch !== current) return { from: startAt(new Date(0)), reload: true };
  return {
    from: {
      conversations: { changedAt: new Date(conversations[0]), _id: conversations[1] },
      own: { changedAt: new Date(own[0]), _id: own[1] },
      untilMs: untilMs === 0 ? undefined : untilMs,
    },
    reload: false,
  };
}

/** A round never ends before it began: a cursor does not go back, even when a process is slow to report. */
const later = (until: Date, from: Cursor): Date =>
  until > from.conversations.changedAt || from.untilMs !== undefined ? until : from.conversations.changedAt;

function walked(
  from: Cursor,
  conversations: readonly ConversationRecord[],
  own: readonly MemberRecord[],
): Pick<Cursor, 'conversations' | 'own'> {
  const lastOwn = own.at(-1);
  return {
    conversations: conversations.at(-1) ?? from.conversations,
    own: lastOwn === undefined ? from.own : { changedAt: lastOwn.changedAt, _id: lastOwn.conversationId },
  };
}

/** By the time of the change; of one time by id, as the index has it. */
const inOrder = (a: Place, b: Place): number =>
  a.changedAt.getTime() - b.changedAt.getTime() || (a._id < b._id ? -1 : a._id === b._id ? 0 : 1);
