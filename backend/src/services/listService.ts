import { z } from 'zod';
import {
  LIMITS,
  conversationId,
  type ConversationId,
  type ConversationListAnswer,
  type ListInput,
  type UserId,
} from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord, ListPosition } from '../models/conversationModel.js';
import type { MemberRecord } from '../models/memberModel.js';
import type { OwnPlace, OwnStateModel } from '../models/ownStateModel.js';
import type { ApartConversations } from './apartConversations.js';
import type { ConversationViews } from './conversationViews.js';
import { decodeCursor, encodeCursor, timeMs } from './cursors.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Lookups } from './lookups.js';
import { isBelow, newestFirst } from './listOrder.js';
import { isArchived, isListed, type Own } from './ownState.js';
import { isSound } from './sound.js';
import type { UnreadCounts } from './unreadCounts.js';

interface ListParts {
  conversations: Pick<ConversationModel, 'findPage' | 'findGroupPage'>;
  ownStates: Pick<OwnStateModel, 'findPinned' | 'findArchived'>;
  lookups: Pick<Lookups, 'conversations'>;
  apart: ApartConversations;
  unread: UnreadCounts;
  views: ConversationViews;
  time: DatabaseTime;
  /** A cursor for `sync`, taken now. */
  syncCursor: () => Promise<string>;
}

/** Where a walk has come: among the pinned ones, among all by their newest message, or in the archive. */
const STAGES = ['pinned', 'recent', 'archived'] as const;
type Stage = (typeof STAGES)[number];
const listCursor = z.tuple([z.enum(STAGES), timeMs, conversationId, timeMs]);

interface Place {
  stage: Stage;
  atMs: number;
  _id: ConversationId;
  /** What was pinned up to here was shown at the head of the walk, and is not shown again. */
  pinnedThroughMs: number;
}

interface Request {
  caller: UserId;
  limit: number;
  /** Undefined on the first page. */
  from: Place | undefined;
  /** The caller's large groups and channels, as read before everything else. */
  apartIds: readonly ConversationId[];
}

type Keep = (conversation: ConversationRecord, own: Own | undefined) => boolean;

/** A page as it was read: whatever is not to be shown is left out after the read, and the walk goes on behind it. */
interface Page {
  records: readonly ConversationRecord[];
  keep: Keep;
  next: Place | undefined;
}

/** Later than every message: a walk begins behind it. */
const TOP = { atMs: Date.UTC(9999, 0, 1), _id: 'f'.repeat(24) as ConversationId };

/** A person's own list of conversations, in pages: one index range each, however many there are. */
export class ListService {
  readonly #parts: ListParts;

  constructor(parts: ListParts) {
    this.#parts = parts;
  }

  /**
   * A page: the pinned ones first, then by the newest message; with a filter by the newest message alone, in the archive
   * by when they were archived. The first page brings a cursor for `sync`. A page may be short, or empty, and not be
   * the last: that is the one without `nextCursor`.
   *
   * @throws AppError `VALIDATION` for a cursor that is not one of this list.
   */
  async page(caller: UserId, input: ListInput): Promise<ConversationListAnswer> {
    const { apart, unread, views } = this.#parts;
    const from = input.cursor === undefined ? undefined : toPlace(input.cursor);
    // Taken before the list is read: what changes in between is found by the next sync.
    const [syncCursor, apartIds] = await Promise.all([
      from === undefined ? this.#parts.syncCursor() : undefined,
      apart.idsOf(caller),
    ]);
    const request = { caller, limit: input.limit ?? LIMITS.conversationPageDefault, from, apartIds };
    const [page, { totalUnread, mutedUnread }] = await Promise.all([
      this.#read(request, input.filter),
      unread.totals(caller),
    ]);
    return {
      conversations: await views.present(caller, page.records.filter(isSound), page.keep),
      ...(page.next !== undefined && { nextCursor: toCursor(page.next) }),
      ...{ totalUnread, mutedUnread },
      ...(syncCursor !== undefined && { syncCursor }),
    };
  }

  #read(request: Request, filter: ListInput['filter']): Promise<Page> {
    switch (filter) {
      case 'archived':
        return this.#archived(request);
      case 'unread':
        return this.#unread(request);
      case 'groups':
        return this.#recent(request, (limit, below) =>
          this.#parts.conversations.findGroupPage(request.caller, limit, below),
        );
      case undefined:
        return this.#all(request);
    }
  }

  /** The pinned ones, and when they are through, the others. */
  async #all(request: Request): Promise<Page> {
    const { caller, limit, from } = request;
    const others = (rest: Request) =>
      this.#recent(rest, (count, below) => this.#parts.conversations.findPage(caller, count, below));
    if (from !== undefined && from.stage !== 'pinned') return others(request);
    const pins = await this.#parts.ownStates.findPinned(caller, limit + 1, from && toOwnPlace(from));
    const pinnedThroughMs = from?.pinnedThroughMs ?? pins[0]?.pinnedAt?.getTime() ?? 0;
    const pinned = await this.#recordsOf(pins.slice(0, limit));
    const keep = this.#keepCurrent();
    const last = pins[limit - 1];
    const toOthers = { stage: 'recent' as const, ...TOP, pinnedThroughMs };
    if (pins.length > limit && last !== undefined) {
      const next = placeOf('pinned', { at: last.pinnedAt, _id: last.conversationId }, pinnedThroughMs);
      return { records: pinned, keep, next };
    }
    if (pins.length === limit) return { records: pinned, keep, next: toOthers };
    const rest = await others({ ...request, limit: limit - pins.length, from: toOthers });
    const first = new Set(pinned.map(({ _id }) => _id));
    return {
      records: [...pinned, ...rest.records.filter(({ _id }) => !first.has(_id))],
      keep: (one, own) => (first.has(one._id) ? keep : rest.keep)(one, own),
      next: rest.next,
    };
  }

  /** By the newest message; large groups and channels merged in by theirs. */
  async #recent(
    { caller, limit, from, apartIds }: Request,
    read: (limit: number, below: ListPosition | undefined) => Promise<ConversationRecord[]>,
  ): Promise<Page> {
    const below = from && { lastMessageAt: new Date(from.atMs), _id: from._id };
    const { found, apart } = await this.#parts.apart.beside(caller, () => read(limit + 1, below), apartIds);
    const listed = new Set(found.map(({ _id }) => _id));
    const beside = apart.filter((one) => !listed.has(one._id) && isBelow(one, below));
    const records = [...found, ...beside].sort(newestFirst);
    const pinnedThroughMs = from?.pinnedThroughMs ?? 0;
    const keep = this.#keepCurrent();
    return {
      ...cutAt(records, limit, pinnedThroughMs),
      keep: (one, own) => keep(one, own) && !((own?.pinnedAt?.getTime() ?? Infinity) <= pinnedThroughMs),
    };
  }

  /** Few, and all looked at for the totals anyway: by the newest message, the archived ones too. */
  async #unread({ caller, limit, from }: Request): Promise<Page> {
    const below = from && { lastMessageAt: new Date(from.atMs), _id: from._id };
    const unread = await this.#parts.unread.find(caller);
    const candidates = unread
      .map(({ conversation }) => conversation)
      .filter((one) => isBelow(one, below))
      .sort(newestFirst);
    const { records, next } = cutAt(candidates, limit, 0);
    const whole = await this.#parts.lookups.conversations.load(records.map(({ _id }) => _id));
    return { records: whole.sort(newestFirst), keep: isListed, next };
  }

  async #archived({ caller, limit, from }: Request): Promise<Page> {
    const { ownStates, time } = this.#parts;
    const found = await ownStates.findArchived(caller, limit + 1, from && toOwnPlace(from));
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const now = time.now();
    return {
      records: await this.#recordsOf(shown),
      keep: (one, own) => isListed(one, own) && isArchived(one, own, now),
      next:
        found.length > limit && last !== undefined
          ? placeOf('archived', { at: last.archivedAt, _id: last.conversationId })
          : undefined,
    };
  }

  #keepCurrent(): Keep {
    const now = this.#parts.time.now();
    return (one, own) => isListed(one, own) && !isArchived(one, own, now);
  }

  /** The conversations of these documents, in their order. */
  async #recordsOf(members: readonly MemberRecord[]): Promise<ConversationRecord[]> {
    const ids = members.map((member) => member.conversationId);
    const found = await this.#parts.lookups.conversations.load(ids);
    const byId = new Map(found.map((record) => [record._id, record]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}

function toPlace(cursor: string): Place {
  const [stage, atMs, _id, pinnedThroughMs] = decodeCursor(cursor, listCursor);
  return { stage, atMs, _id, pinnedThroughMs };
}

const toCursor = ({ stage, atMs, _id, pinnedThroughMs }: Place): string =>
  encodeCursor([stage, atMs, _id, pinnedThroughMs]);

const toOwnPlace = ({ atMs, _id }: Place): OwnPlace => ({ at: new Date(atMs), conversationId: _id });

const placeOf = (
  stage: Stage,
  { at, _id }: { at: Date | undefined; _id: ConversationId },
  pinnedThroughMs = 0,
): Place => ({ stage, atMs: at?.getTime() ?? 0, _id, pinnedThroughMs });

/** The first of sorted records, and the place behind them where there are more. */
function cutAt(
  sorted: readonly ConversationRecord[],
  limit: number,
  pinnedThroughMs: number,
): { records: readonly ConversationRecord[]; next: Place | undefined } {
  const records = sorted.slice(0, limit);
  const last = records.at(-1);
  const next =
    sorted.length > limit && last !== undefined
      ? placeOf('recent', { at: last.lastMessageAt, _id: last._id }, pinnedThroughMs)
      : undefined;
  return { records, next };
}
