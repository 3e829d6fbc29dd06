import type { ConversationId, MessageView, UserId } from '../../../../contract/index.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { SearchHit, SearchRange, SearchKey, SearchModel } from '../../models/searchModel.js';
import { AppError } from '../../utils/appError.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Access } from '../membership/index.js';
import {
  walkFromTop,
  type ListWalk,
  type WalkItem,
  type WalkPage,
  type WalkPosition,
} from '../conversations/index.js';
import { type MessageViews, isClosedOrMerged } from '../views/index.js';
import type { Visibility } from '../visibility/index.js';
import { matchesQuery, keysOf, type Query } from './query.js';

export interface SearchDeps {
  index: SearchModel;
  access: Access;
  visibility: Visibility;
  views: MessageViews;
  messages: Pick<MessageModel, 'findTail'>;
  walk: ListWalk;
  /** Time from which other processes may hold unwritten changes; undefined without other processes. */
  othersSince: () => Promise<Date | undefined>;
}

/** Position of a search over the list: below a list position, or within the conversation at that position. */
export interface SearchPosition extends WalkPosition {
  /** Highest `seq` of that conversation still to be searched; 0 when it is finished. */
  toSeq: number;
}

/** Maximum number of index queries per page. Beyond it the page is returned as it is, with a cursor. */
const MAX_QUERIES = 20;
/** Number of conversations searched by one query: at first, and at most. */
const FIRST_BATCH = 16;
const MAX_BATCH = 64;
/** Factor by which the next range of a log may be wider than the last one. */
const MAX_GROWTH = 16;
/** Number of newest log entries in which the rarest key is determined. */
const SAMPLE_SEQS = 1_000;

/**
 * Searches one page, newest matches first. The index finds words by prefix, but not in order of time. Logs are
 * therefore searched backwards in ranges, and a range is wider the rarer the matches are. A range with more than two
 * pages of matches is narrowed and searched again, so that at most twice as many matches are loaded as are returned.
 */
export class Search {
  readonly messages: MessageView[] = [];
  readonly #deps: SearchDeps;
  readonly #caller: UserId;
  readonly #query: Query;
  readonly #limit: number;
  #key: SearchKey | undefined;
  #queryCount = 0;

  constructor(deps: SearchDeps, { caller, query, limit }: { caller: UserId; query: Query; limit: number }) {
    this.#deps = deps;
    this.#caller = caller;
    this.#query = query;
    this.#limit = limit;
    const keys = keysOf(query);
    this.#key = keys.length === 1 ? keys[0] : undefined;
  }

  /**
   * Searches a log backwards.
   *
   * @param toSeq highest `seq` to search.
   * @returns highest `seq` still to be searched; undefined when the whole log was searched.
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async inLog(conversationId: ConversationId, toSeq: number): Promise<number | undefined> {
    const { access, visibility } = this.#deps;
    const memberAccess = await access.requireMember(this.#caller, conversationId);
    const { visibleFromSeq } = await visibility.viewerOf(this.#caller, memberAccess, { seqs: [] });
    let to = toSeq;
    let width = this.#limit;
    while (to >= visibleFromSeq && this.#remaining > 0 && this.#hasQueriesLeft) {
      const seqs = { from: Math.max(visibleFromSeq, to - width + 1), to };
      const found = await this.#findMatches({ conversationIds: [conversationId], seqs });
      if (found === undefined) {
        width = Math.max(1, Math.floor((seqs.to - seqs.from + 1) / MAX_GROWTH));
        continue;
      }
      to = (await this.#take(conversationId, found)) ?? seqs.from - 1;
      width = Math.ceil(width * Math.max(1, Math.min(MAX_GROWTH, this.#limit / found.length)));
    }
    return to >= visibleFromSeq ? to : undefined;
  }

  /**
   * Searches all conversations in the order of the list.
   *
   * @param from position where the previous page ended; undefined for the first page.
   * @returns position where the next page begins; undefined when everything was searched.
   */
  async onList(from: SearchPosition | undefined): Promise<SearchPosition | undefined> {
    let position = from ?? (await this.#top());
    let size = FIRST_BATCH;
    while (this.#remaining > 0 && this.#hasQueriesLeft) {
      if (position.toSeq > 0) {
        position = { ...position, toSeq: await this.#inConversation(position) };
        continue;
      }
      const page = await this.#deps.walk.page({ caller: this.#caller, limit: size, position });
      const { searched, found } = await this.#findInMany(page.found);
      const stopped = await this.#takeMany(searched, found);
      const next =
        stopped ??
        (searched.length < page.found.length ? positionAfter(searched.at(-1)) : nextPosition(page));
      if (next === undefined) return undefined;
      position = next;
      size = Math.min(MAX_BATCH, 2 * Math.max(1, searched.length));
    }
    return position;
  }

  /** Searches a conversation with many matches on its own. Finds nothing if the caller has been removed from it. */
  async #inConversation({ _id, toSeq }: SearchPosition): Promise<number> {
    return (await this.#ignoreNonMember(() => this.inLog(_id, toSeq))) ?? 0;
  }

  async #top(): Promise<SearchPosition> {
    return { ...walkFromTop(await this.#deps.othersSince()), toSeq: 0 };
  }

  /** Searches as many of these conversations together as the limit of matches allows, in their order. */
  async #findInMany(
    batch: readonly WalkItem[],
  ): Promise<{ searched: readonly WalkItem[]; found: SearchHit[] | undefined }> {
    let searched = batch;
    for (;;) {
      const conversationIds = searched
        .filter(({ record }) => !isClosedOrMerged(record))
        .map(({ record }) => record._id);
      const found = conversationIds.length === 0 ? [] : await this.#findMatches({ conversationIds });
      if (found !== undefined || searched.length === 1) return { searched, found };
      searched = searched.slice(0, Math.ceil(searched.length / 4));
    }
  }

  /**
   * Takes the matches of conversations in their order.
   *
   * @returns position where it stopped; undefined after the last.
   */
  async #takeMany(
    searched: readonly WalkItem[],
    found: readonly SearchHit[] | undefined,
  ): Promise<SearchPosition | undefined> {
    const matches = groupBy(found ?? [], ({ conversationId }) => conversationId);
    for (const { record, position } of searched) {
      const { _id, lastSeq } = record;
      if (found === undefined) {
        return { ...position, toSeq: (await this.#deps.messages.findTail(_id, lastSeq))?.seq ?? 0 };
      }
      const matchesHere = matches.get(_id);
      if (matchesHere === undefined) continue;
      const left = await this.#ignoreNonMember(() => this.#take(_id, matchesHere));
      if (left !== undefined) return { ...position, toSeq: left };
      if (this.#remaining === 0) return { ...position, toSeq: 0 };
    }
    return undefined;
  }

  /**
   * Adds visible matches of one conversation to the page until it is full. The membership is read after the messages: a
   * user who was removed before one of them was written must not count as a member.
   *
   * @returns highest `seq` of the matches that are left; undefined for none.
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async #take(conversationId: ConversationId, found: readonly SearchHit[]): Promise<number | undefined> {
    const matches = found.filter((one) => matchesQuery(this.#query, one)).sort((a, b) => b.seq - a.seq);
    if (matches.length === 0) return undefined;
    const { access, visibility, views } = this.#deps;
    const memberAccess = await access.requireMember(this.#caller, conversationId);
    const viewer = await visibility.viewerOf(this.#caller, memberAccess, {
      seqs: matches.map(({ seq }) => seq),
    });
    const seen = matches.filter((one) => viewer.sees(one));
    const taken = seen.slice(0, this.#remaining);
    const context = await views.loadContext([conversationId], this.#caller);
    const shown = await views.presentFor(viewer, taken, context);
    this.messages.push(...shown.filter((view) => view.kind !== 'hidden'));
    return taken.length < seen.length ? (taken.at(-1)?.seq ?? 1) - 1 : undefined;
  }

  /** Returns undefined if the caller is not a member any more. */
  async #ignoreNonMember(search: () => Promise<number | undefined>): Promise<number | undefined> {
    try {
      return await search();
    } catch (error) {
      if (error instanceof AppError && error.code === 'NOT_PARTICIPANT') return undefined;
      throw error;
    }
  }

  /** Returns all matches of the key within a range; undefined if they exceed two pages. */
  async #findMatches(range: SearchRange): Promise<SearchHit[] | undefined> {
    this.#key ??= await this.#rarest(range);
    this.#queryCount += 1;
    const found = await this.#deps.index.findMatches(range, this.#key, this.#maxMatches + 1);
    return found.length > this.#maxMatches ? undefined : found;
  }

  /** Returns the key with the fewest matches where the search begins. */
  async #rarest({ conversationIds, seqs }: SearchRange): Promise<SearchKey> {
    const keys = keysOf(this.#query);
    const sample = seqs && { from: Math.max(1, seqs.to - SAMPLE_SEQS + 1), to: seqs.to };
    const range = sample === undefined ? { conversationIds } : { conversationIds, seqs: sample };
    this.#queryCount += keys.length;
    const counts = await Promise.all(
      keys.map(async (key) => ({
        key,
        count: (await this.#deps.index.findMatches(range, key, this.#maxMatches + 1)).length,
      })),
    );
    const [first] = counts.sort((a, b) => a.count - b.count);
    if (first === undefined) throw new Error('a search needs at least one key');
    return first.key;
  }

  get #remaining(): number {
    return this.#limit - this.messages.length;
  }

  get #maxMatches(): number {
    return 2 * this.#limit;
  }

  get #hasQueriesLeft(): boolean {
    return this.#queryCount < MAX_QUERIES;
  }
}

const positionAfter = (walked: WalkItem | undefined): SearchPosition | undefined =>
  walked && { ...walked.position, toSeq: 0 };

const nextPosition = ({ next }: WalkPage): SearchPosition | undefined => next && { ...next, toSeq: 0 };
