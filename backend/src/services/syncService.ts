import { z } from 'zod';
import { LIMITS, type PositionView, type SyncAnswer, type UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import { isSound } from './sound.js';
import type { ConversationViews } from './conversationViews.js';
import { decodeCursor, encodeCursor, timeMs } from './cursors.js';
import { toPositionView } from './present.js';

interface SyncParts {
  conversations: Pick<ConversationModel, 'findChanged'>;
  members: Pick<MemberModel, 'findChanged'>;
  views: ConversationViews;
  /** Database time before which every write is visible to a reader. */
  visibleThrough: () => Promise<Date>;
  epoch: string;
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
    return this.#encode(startAt(await this.#safeNow()));
  }

  /**
   * One page of changes. Without a cursor, or with one of another history of the database (`reload`), from the start.
   *
   * @throws AppError `VALIDATION` for a cursor that is not one.
   */
  async sync(caller: UserId, cursor: string | undefined): Promise<SyncAnswer> {
    const { from, reload } = this.#decode(cursor);
    const until = from.untilMs === undefined ? await this.#safeNow() : new Date(from.untilMs);
    const [conversations, own, totals] = await Promise.all([
      this.#parts.conversations.findChanged(caller, LIMITS.syncPage, from.conversations),
      this.#parts.members.findChanged(caller, LIMITS.syncPage, {
        changedAt: from.own.changedAt,
        conversationId: from.own._id,
      }),
      this.#parts.views.unreadTotals(caller),
    ]);
    const hasMore = conversations.length === LIMITS.syncPage || own.length === LIMITS.syncPage;
    const next = hasMore
      ? { ...walked(from, conversations, own), untilMs: until.getTime() }
      : startAt(later(until, from));
    return {
      conversations: await this.#parts.views.present(
        caller,
        // Poison in the database is left out; the walk goes on behind it.
        conversations.filter(isSound),
      ),
      own: own.map(toOwnPosition),
      removed: [],
      cursor: this.#encode(next),
      hasMore,
      epoch: this.#parts.epoch,
      ...(reload && { reload }),
      totalUnread: totals.totalUnread,
      mutedUnread: totals.mutedUnread,
    };
  }

  async #safeNow(): Promise<Date> {
    return new Date((await this.#parts.visibleThrough()).getTime() - OVERLAP_MS);
  }

  #encode({ conversations, own, untilMs }: Cursor): string {
    return encodeCursor([
      this.#parts.epoch,
      [conversations.changedAt.getTime(), conversations._id],
      [own.changedAt.getTime(), own._id],
      untilMs ?? 0,
    ]);
  }

  #decode(cursor: string | undefined): { from: Cursor; reload: boolean } {
    if (cursor === undefined) return { from: startAt(new Date(0)), reload: false };
    const [epoch, conversations, own, untilMs] = decodeCursor(cursor, cursorTuple);
    if (epoch !== this.#parts.epoch) return { from: startAt(new Date(0)), reload: true };
    return {
      from: {
        conversations: { changedAt: new Date(conversations[0]), _id: conversations[1] },
        own: { changedAt: new Date(own[0]), _id: own[1] },
        untilMs: untilMs === 0 ? undefined : untilMs,
      },
      reload: false,
    };
  }
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

const toOwnPosition = (member: MemberRecord): PositionView =>
  toPositionView(
    { conversationId: member.conversationId, userId: member.userId, at: member.changedAt },
    {
      readSeq: member.lastReadSeq,
      deliveredSeq: Math.max(member.lastReadSeq, member.lastDeliveredSeq),
    },
  );
