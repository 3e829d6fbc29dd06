import { z } from 'zod';
import {
  LIMITS,
  type ConversationId,
  type SettingsView,
  type SyncAnswer,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import {
  type OverviewRead,
  type Overviews,
  byChange,
  type ChangePosition,
  type UnreadCounts,
} from '../conversations/index.js';
import { isValid } from '../membership/index.js';
import {
  type ConversationViews,
  isListed,
  isClosedOrMerged,
  needsConversation,
  toSettingsView,
} from '../views/index.js';
import { decodeCursor, encodeCursor, timeMs } from '../../utils/cursors.js';
import type { DatabaseTime, Lookups } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';

interface SyncDeps {
  lookups: Pick<Lookups, 'conversations'>;
  overviews: Pick<Overviews, 'of'>;
  unread: UnreadCounts;
  views: ConversationViews;
  summaries: Pick<Summaries, 'overlay'>;
  time: DatabaseTime;
  /** `seq` of messages that a user has deleted for themselves in these conversations since a time. */
  hiddenSeqs: (
    userId: UserId,
    ids: readonly ConversationId[],
    since: Date,
  ) => Promise<ReadonlyMap<ConversationId, number[]>>;
  /** Database time before which every write is visible to a reader, as far as it is known. */
  safeNow: () => Promise<Date>;
  /** Identifies the history of this database. */
  epoch: () => string;
}

/** Positions of two walks (conversations, settings), and the time that the round will have reached at its end. */
interface Cursor {
  conversations: ChangePosition;
  settings: ChangePosition;
  /** Set while a round over several pages is in progress. */
  untilMs: number | undefined;
}

const place = z.tuple([timeMs, z.string().regex(/^[0-9a-f]{24}$/)]);
const cursorTuple = z.tuple([z.string().max(64), place, place, timeMs]);
const FIRST_ID = '0'.repeat(24);

const startAt = (changedAt: Date): Cursor => ({
  conversations: { changedAt, _id: FIRST_ID },
  settings: { changedAt, _id: FIRST_ID },
  untilMs: undefined,
});

/** Changes for a user since a cursor, however old. Cursors follow the database's commit order, not a clock. */
export class SyncService {
  readonly #deps: SyncDeps;

  constructor(deps: SyncDeps) {
    this.#deps = deps;
  }

  /** Returns a cursor for all changes that become visible after this moment, and its database time. */
  async cursorNow(): Promise<{ cursor: string; since: Date }> {
    // Read first: when the epoch changes meanwhile, the cursor has the old one, and the next `sync` detects it.
    const epoch = this.#deps.epoch();
    const since = await this.#deps.safeNow();
    return { cursor: encode(epoch, startAt(since)), since };
  }

  /**
   * Returns one page of changes: from the start without a cursor, or with one of another history of the database (`reload`).
   *
   * @throws AppError `VALIDATION` for an invalid cursor.
   */
  async sync(caller: UserId, cursor: string | undefined): Promise<SyncAnswer> {
    // Read once per answer: when the epoch changes meanwhile, the next `sync` detects it.
    const epoch = this.#deps.epoch();
    const { from, reload } = decode(epoch, cursor);
    const until = from.untilMs === undefined ? await this.#deps.safeNow() : new Date(from.untilMs);
    const overview = this.#deps.overviews.of(caller, from);
    overview.updateNow();
    const [{ conversations, members }, totals] = await Promise.all([
      this.#findChanged(overview, from),
      this.#deps.unread.totals(caller, overview),
    ]);
    const hasMore = conversations.length === LIMITS.syncPage || members.length === LIMITS.syncPage;
    const next = hasMore
      ? { ...walked(from, conversations, members), untilMs: until.getTime() }
      : startAt(later(until, from));
    const left = members
      .filter(({ leftSeq }) => leftSeq !== undefined)
      .map(({ conversationId }) => conversationId);
    const gone = new Set([...left, ...conversations.filter(isClosedOrMerged).map(({ _id }) => _id)]);
    return {
      conversations: await this.#deps.views.present(
        caller,
        // Invalid documents are left out; the walk continues after them.
        conversations.filter((one) => isValid(one) && !gone.has(one._id)),
        { keep: isListed, rangeCounts: overview.rangeCounts },
      ),
      settings: await this.#settingsViews(
        members.filter(({ conversationId }) => !gone.has(conversationId)),
        // On later pages of a round, a message may have been hidden before the position of the walk.
        from.untilMs === undefined ? from.settings.changedAt : new Date(0),
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
   * Returns a page of each walk. Conversations are those with a list of members, and the large groups and channels, of
   * which a user has few. A group that becomes large or small changes at the same time; a page that misses it is
   * followed by one that has it.
   */
  async #findChanged(
    overview: OverviewRead,
    { conversations: after }: Cursor,
  ): Promise<{ conversations: ConversationRecord[]; members: readonly MemberRecord[] }> {
    const { found, large, own } = await overview.withLarge(
      async () => (await overview.conversationsChanged()).page,
    );
    const listed = new Set(found.map(({ _id }) => _id));
    const beside = large.filter((one) => !listed.has(one._id) && byChange(after, one) < 0);
    return {
      conversations: [...found, ...beside].sort(byChange).slice(0, LIMITS.syncPage),
      members: own.page,
    };
  }

  async #settingsViews(members: readonly MemberRecord[], since: Date): Promise<SettingsView[]> {
    const [caller] = members.map(({ userId }) => userId);
    if (caller === undefined) return [];
    const { lookups, summaries, time, hiddenSeqs } = this.#deps;
    const idsOf = (some: readonly MemberRecord[]) => some.map(({ conversationId }) => conversationId);
    const [found, hidden] = await Promise.all([
      lookups.conversations.load(idsOf(members.filter(needsConversation))),
      hiddenSeqs(caller, idsOf(members), since),
    ]);
    const byId = new Map(found.map((record) => [record._id, summaries.overlay(record)]));
    const now = time.now();
    return members.map((member) => {
      const seqs = hidden.get(member.conversationId);
      return {
        ...toSettingsView(member, { conversation: byId.get(member.conversationId), now }),
        ...(seqs !== undefined && seqs.length > 0 && { hiddenSeqs: seqs }),
      };
    });
  }
}

const encode = (epoch: string, { conversations, settings, untilMs }: Cursor): string =>
  encodeCursor([
    epoch,
    [conversations.changedAt.getTime(), conversations._id],
    [settings.changedAt.getTime(), settings._id],
    untilMs ?? 0,
  ]);

/** Decodes a cursor. One of another epoch belongs to another history of the database: starts over. */
function decode(current: string, cursor: string | undefined): { from: Cursor; reload: boolean } {
  if (cursor === undefined) return { from: startAt(new Date(0)), reload: false };
  const [epoch, conversations, settings, untilMs] = decodeCursor(cursor, cursorTuple);
  if (epoch !== current) return { from: startAt(new Date(0)), reload: true };
  return {
    from: {
      conversations: { changedAt: new Date(conversations[0]), _id: conversations[1] },
      settings: { changedAt: new Date(settings[0]), _id: settings[1] },
      untilMs: untilMs === 0 ? undefined : untilMs,
    },
    reload: false,
  };
}

/** A round never ends before it began: cursors do not go back, even when a process reports late. */
const later = (until: Date, from: Cursor): Date =>
  until > from.conversations.changedAt || from.untilMs !== undefined ? until : from.conversations.changedAt;

function walked(
  from: Cursor,
  conversations: readonly ConversationRecord[],
  members: readonly MemberRecord[],
): Pick<Cursor, 'conversations' | 'settings'> {
  const last = members.at(-1);
  return {
    conversations: conversations.at(-1) ?? from.conversations,
    settings: last === undefined ? from.settings : { changedAt: last.changedAt, _id: last.conversationId },
  };
}
