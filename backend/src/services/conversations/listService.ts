import { z } from 'zod';
import {
  LIMITS,
  conversationId,
  type ConversationId,
  type ConversationListAnswer,
  type ListInput,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import type { SettingsPosition, MemberSettingsModel } from '../../models/memberSettingsModel.js';
import type { OverviewRead, Overviews } from './overview.js';
import { type ConversationViews, isArchived, isListed, type MemberSettings } from '../views/index.js';
import { decodeCursor, encodeCursor, timeMs } from '../../utils/cursors.js';
import type { DatabaseTime, Lookups } from '../runtime/index.js';
import { isBelow, newestFirst, newestPinFirst, positionOf } from './listOrder.js';
import {
  sharedWalk,
  startOfChanges,
  toSharedTuple,
  walkFromTop,
  withPositions,
  type ListWalk,
  type WalkPage,
  type SharedWalk,
  type WalkPosition,
} from './listWalk.js';
import { isValid } from '../membership/index.js';
import type { UnreadCounts } from './unreadCounts.js';

interface ListDeps {
  memberSettings: Pick<MemberSettingsModel, 'findPinned' | 'findArchived'>;
  lookups: Pick<Lookups, 'conversations'>;
  overviews: Pick<Overviews, 'of'>;
  walk: ListWalk;
  unread: UnreadCounts;
  views: ConversationViews;
  time: DatabaseTime;
  /**
   * Returns a cursor for `sync` as of now. `since` is set if other processes may hold unwritten changes from then on.
   */
  syncCursor: () => Promise<{ cursor: string; since: Date | undefined }>;
}

/** Part of the list that a cursor points into: pinned, archived, or a stage of `ListWalk`. */
const STAGES = ['pinned', 'recent', 'changed', 'archived'] as const;
type Stage = (typeof STAGES)[number];
const listCursor = z.tuple([z.enum(STAGES), timeMs, conversationId, timeMs, sharedWalk.optional()]);

interface ListCursor extends Omit<WalkPosition, 'stage'> {
  stage: Stage;
  /** Conversations pinned up to this time (ms) were returned on the pinned pages and are skipped afterwards. */
  pinnedThroughMs: number;
}

interface Request {
  caller: UserId;
  limit: number;
  /** Undefined on the first page. */
  from: ListCursor | undefined;
  /** Set if several processes share the database: where the walk began. */
  shared: SharedWalk | undefined;
  /** The caller's documents, which are read before everything else unless they are kept. */
  overview: OverviewRead;
}

type RecordsById = ReadonlyMap<ConversationId, ConversationRecord>;

type Keep = (conversation: ConversationRecord, own: MemberSettings | undefined) => boolean;

/** A page of records. `keep` filters them after the read, so a page may hold fewer records than its limit. */
interface Page {
  records: readonly ConversationRecord[];
  keep: Keep;
  next: ListCursor | undefined;
}

/** Lists a user's conversations in pages. A page reads one index range, whatever the number of conversations. */
export class ListService {
  readonly #deps: ListDeps;

  constructor(deps: ListDeps) {
    this.#deps = deps;
  }

  /**
   * Returns a page of conversations. Pinned ones come first, then the others by newest message. With a filter the order
   * is by newest message only, and in the archive by time of archiving. The first page includes a cursor for `sync`. A
   * page may be short or empty without being the last: the last page has no `nextCursor`.
   *
   * @throws AppError `VALIDATION` for a cursor that is not one of this list.
   */
  async page(caller: UserId, input: ListInput): Promise<ConversationListAnswer> {
    const { overviews, unread, views } = this.#deps;
    const from = input.cursor === undefined ? undefined : toListCursor(input.cursor);
    // Taken before the list is read, so that the next sync finds changes made in between.
    const overview = overviews.of(caller);
    const [syncStart] = await Promise.all([
      from === undefined ? this.#deps.syncCursor() : undefined,
      overview.begin(),
    ]);
    const request = {
      caller,
      limit: input.limit ?? LIMITS.conversationPageDefault,
      from,
      overview,
      shared: from === undefined ? walkFromTop(syncStart?.since).shared : from.shared,
    };
    const [page, { totalUnread, mutedUnread }] = await Promise.all([
      this.#read(request, input.filter),
      unread.totals(caller, overview),
    ]);
    return {
      conversations: await views.present(caller, page.records.filter(isValid), {
        keep: page.keep,
        rangeCounts: overview.rangeCounts,
      }),
      ...(page.next !== undefined && { nextCursor: encodeListCursor(page.next) }),
      totalUnread,
      mutedUnread,
      ...(syncStart !== undefined && { syncCursor: syncStart.cursor }),
    };
  }

  #read(request: Request, filter: ListInput['filter']): Promise<Page> {
    switch (filter) {
      case 'archived':
        return this.#archived(request);
      case 'unread':
        return this.#unread(request);
      case 'groups':
        return this.#walk(request, { onlyGroups: true });
      case undefined:
        return this.#all(request);
    }
  }

  /** Reads pinned conversations until there are no more, then the others. */
  async #all(request: Request): Promise<Page> {
    const { from, shared } = request;
    if (from !== undefined && from.stage !== 'pinned') return this.#walk(request);
    // Read at the same time: most users have pinned no more than fit on the first page.
    const rest = await this.#deps.walk.page({ ...request, position: { ...walkFromTop(undefined), shared } });
    const pins = await this.#findPins(request, rest);
    const pinnedThroughMs = from?.pinnedThroughMs ?? pins[0]?.pinnedAt?.getTime() ?? 0;
    const { limit } = request;
    const shown = pins.slice(0, limit);
    const foundIds = new Map(rest.found.map(({ record }) => [record._id, record]));
    const pinned = await this.#recordsOf(shown, foundIds);
    const keep = this.#keepCurrent();
    const last = shown.at(-1);
    if (pins.length > limit && last !== undefined) {
      const next = settingsCursor('pinned', { at: last.pinnedAt, _id: last.conversationId });
      return { records: pinned, keep, next: { ...next, pinnedThroughMs, shared } };
    }
    const pinnedIds = new Set(pinned.map(({ _id }) => _id));
    const { found, next } = firstOf(rest, limit - pins.length, { ...walkFromTop(undefined), shared });
    return {
      records: [...pinned, ...found.map(({ record }) => record).filter(({ _id }) => !pinnedIds.has(_id))],
      keep: (one, own) => keep(one, own) && (pinnedIds.has(one._id) || !isPinned(own, pinnedThroughMs)),
      next: next && { ...next, pinnedThroughMs },
    };
  }

  /** Returns one pin more than a page holds, newest pin first. */
  async #findPins({ caller, limit, from }: Request, { own }: WalkPage): Promise<readonly MemberRecord[]> {
    if (from !== undefined) {
      return this.#deps.memberSettings.findPinned(caller, limit + 1, toSettingsPosition(from));
    }
    return [...own.flagged.values()]
      .filter(({ pinnedAt }) => pinnedAt !== undefined)
      .sort(newestPinFirst)
      .slice(0, limit + 1);
  }

  /** Reads by newest message, without conversations returned on the pinned pages. */
  async #walk(
    { caller, limit, from, overview, shared }: Request,
    { onlyGroups = false } = {},
  ): Promise<Page> {
    const position = walkPositionOf(from, shared);
    const { found, next } = await this.#deps.walk.page({ caller, limit, position, onlyGroups, overview });
    const pinnedThroughMs = from?.pinnedThroughMs ?? 0;
    const keep = this.#keepCurrent();
    return {
      records: found.map(({ record }) => record),
      keep: (one, own) => keep(one, own) && !isPinned(own, pinnedThroughMs),
      next: next && { ...next, pinnedThroughMs },
    };
  }

  /** Reads unread conversations by newest message, archived ones too. All of them are loaded: they are few. */
  async #unread(request: Request): Promise<Page> {
    const { caller, limit, from, shared, overview } = request;
    const unread = await this.#deps.unread.find(caller, overview);
    if (from?.stage === 'changed') {
      const ids = new Set(unread.map(({ conversation }) => conversation._id));
      const { records, next } = await this.#walk(request);
      return { records: records.filter(({ _id }) => ids.has(_id)), keep: isListed, next };
    }
    const below = from && { lastMessageAt: new Date(from.atMs), _id: from._id };
    const sorted = unread
      .map(({ conversation }) => conversation)
      .filter((one) => isBelow(one, below))
      .sort(newestFirst);
    const shown = sorted.slice(0, limit);
    const byId = new Map((await this.#findInOrder(shown.map(({ _id }) => _id))).map((one) => [one._id, one]));
    const walked = withPositions(
      walkPositionOf(from, shared),
      shown.map((one) => ({ record: byId.get(one._id) ?? one, at: positionOf(one) })),
    );
    const end = walked.at(-1)?.position ?? walkPositionOf(from, shared);
    const next = sorted.length > limit ? end : startOfChanges(end);
    return {
      records: walked.map(({ record }) => record).filter(({ _id }) => byId.has(_id)),
      keep: isListed,
      next: next && { ...next, pinnedThroughMs: 0 },
    };
  }

  async #archived({ caller, limit, from }: Request): Promise<Page> {
    const { memberSettings, time } = this.#deps;
    const found = await memberSettings.findArchived(caller, limit + 1, from && toSettingsPosition(from));
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const now = time.now();
    return {
      records: await this.#recordsOf(shown),
      keep: (one, own) => isListed(one, own) && isArchived(one, own, now),
      next:
        found.length > limit && last !== undefined
          ? settingsCursor('archived', { at: last.archivedAt, _id: last.conversationId })
          : undefined,
    };
  }

  #keepCurrent(): Keep {
    const now = this.#deps.time.now();
    return (one, own) => isListed(one, own) && !isArchived(one, own, now);
  }

  #recordsOf(
    members: readonly MemberRecord[],
    known: RecordsById = new Map(),
  ): Promise<ConversationRecord[]> {
    return this.#findInOrder(
      members.map(({ conversationId: id }) => id),
      known,
    );
  }

  /** Returns conversations in the order of these ids, and loads those that are not known. */
  async #findInOrder(
    ids: readonly ConversationId[],
    known: RecordsById = new Map(),
  ): Promise<ConversationRecord[]> {
    const found = await this.#deps.lookups.conversations.load(ids.filter((id) => !known.has(id)));
    const byId = new Map([...known, ...found.map((record) => [record._id, record] as const)]);
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}

const isPinned = (own: MemberSettings | undefined, throughMs: number): boolean =>
  (own?.pinnedAt?.getTime() ?? Infinity) <= throughMs;

/** Returns the first conversations of a page of the walk. The next page begins after them. */
function firstOf(
  { found, next }: WalkPage,
  count: number,
  start: WalkPosition,
): Pick<WalkPage, 'found' | 'next'> {
  if (found.length <= count) return { found, next };
  const shown = found.slice(0, count);
  return { found: shown, next: shown.at(-1)?.position ?? start };
}

function toListCursor(cursor: string): ListCursor {
  const [stage, atMs, _id, pinnedThroughMs, shared] = decodeCursor(cursor, listCursor);
  return { stage, atMs, _id, pinnedThroughMs, shared };
}

const encodeListCursor = ({ stage, atMs, _id, pinnedThroughMs, shared }: ListCursor): string =>
  encodeCursor([stage, atMs, _id, pinnedThroughMs, ...(shared === undefined ? [] : [toSharedTuple(shared)])]);

/** Returns the walk's position. Cursors into the pinned or archived part stand for the beginning of the walk. */
function walkPositionOf(from: ListCursor | undefined, shared: SharedWalk | undefined): WalkPosition {
  if (from?.stage !== 'recent' && from?.stage !== 'changed') {
    return { ...walkFromTop(undefined), shared };
  }
  const { stage, atMs, _id } = from;
  return { stage, atMs, _id, shared: from.shared };
}

const toSettingsPosition = ({ atMs, _id }: ListCursor): SettingsPosition => ({
  at: new Date(atMs),
  conversationId: _id,
});

const settingsCursor = (
  stage: 'pinned' | 'archived',
  { at, _id }: { at: Date | undefined; _id: ConversationId },
): ListCursor => ({ stage, atMs: at?.getTime() ?? 0, _id, pinnedThroughMs: 0, shared: undefined });
