import type { ConversationId, MessageView, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Found, Reach, SearchKey, SearchModel } from '../../models/searchModel.js';
import { AppError } from '../../utils/appError.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Access } from '../access.js';
import type { ApartConversations } from '../apartConversations.js';
import { isBelow, newestFirst } from '../listOrder.js';
import type { MessageViews } from '../messageViews.js';
import { isOver } from '../ownState.js';
import type { Visibility } from '../visibility.js';
import { fits, keysOf, type Query } from './query.js';

export interface SearchParts {
  index: SearchModel;
  access: Access;
  visibility: Visibility;
  views: MessageViews;
  messages: Pick<MessageModel, 'findTail'>;
  conversations: Pick<ConversationModel, 'findPage'>;
  apart: ApartConversations;
}

/** Where a search over a list goes on: below this place of the list, after what of its conversation is left. */
export interface ListPlace {
  atMs: number;
  _id: ConversationId;
  /** Places of that conversation up to this one are still to be searched; 0 for none. */
  toSeq: number;
}

/** Questions to the index that one page may cost; behind them it is answered as it is, with a cursor. */
const MAX_QUESTIONS = 20;
/** Conversations that are asked about together. */
const FIRST_BATCH = 16;
const MAX_BATCH = 64;
/** How much wider the next part of a log may be than the last one. */
const MAX_GROWTH = 16;
/** The part of a log in which it is tried out which of several words is the rarest. */
const SAMPLE_PLACES = 1_000;

/**
 * One page of a search: the newest matches first. The index knows where a word is, and not in which order of time words
 * that begin alike are; so logs are searched backwards in parts that are as wide as the matches are rare. A part with
 * more matches than two pages is made narrower and asked for again: what is looked at stays within twice what is shown,
 * as far as all of it fits.
 */
export class Search {
  readonly messages: MessageView[] = [];
  readonly #parts: SearchParts;
  readonly #caller: UserId;
  readonly #query: Query;
  readonly #limit: number;
  #key: SearchKey | undefined;
  #questions = 0;

  constructor(parts: SearchParts, { caller, query, limit }: { caller: UserId; query: Query; limit: number }) {
    this.#parts = parts;
    this.#caller = caller;
    this.#query = query;
    this.#limit = limit;
    const keys = keysOf(query);
    this.#key = keys.length === 1 ? keys[0] : undefined;
  }

  /**
   * Searches a log from `toSeq` backwards.
   *
   * @returns up to which place there is more to be searched; undefined when all is.
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async inLog(conversationId: ConversationId, toSeq: number): Promise<number | undefined> {
    const { access, visibility } = this.#parts;
    const standing = await access.requireMember(this.#caller, conversationId);
    const { visibleFromSeq } = await visibility.viewerOf(this.#caller, standing, { seqs: [] });
    let to = toSeq;
    let places = this.#limit;
    while (to >= visibleFromSeq && this.#room > 0 && this.#mayAsk) {
      const seqs = { from: Math.max(visibleFromSeq, to - places + 1), to };
      const found = await this.#ask({ conversationIds: [conversationId], seqs });
      if (found === undefined) {
        places = Math.max(1, Math.floor((seqs.to - seqs.from + 1) / MAX_GROWTH));
        continue;
      }
      to = (await this.#take(conversationId, found)) ?? seqs.from - 1;
      places = Math.ceil(places * Math.max(1, Math.min(MAX_GROWTH, this.#limit / found.length)));
    }
    return to >= visibleFromSeq ? to : undefined;
  }

  /**
   * Searches all conversations in the order of the list.
   *
   * @param from where an earlier page ended; undefined for the beginning.
   * @returns where there is more to be searched; undefined when all is.
   */
  async onList(from: ListPlace | undefined): Promise<ListPlace | undefined> {
    let place = from;
    let size = FIRST_BATCH;
    while (this.#room > 0 && this.#mayAsk) {
      if (place !== undefined && place.toSeq > 0) {
        place = { ...place, toSeq: await this.#inOneOfMany(place) };
        continue;
      }
      const batch = await this.#nextOnList(place, size);
      if (batch.length === 0) return undefined;
      const { searched, found } = await this.#askMany(batch);
      place = await this.#takeMany(searched, found);
      size = Math.min(MAX_BATCH, 2 * searched.length);
    }
    return place;
  }

  /** A conversation with many matches, by itself. Who was shown out of it meanwhile finds nothing there. */
  async #inOneOfMany({ _id, toSeq }: ListPlace): Promise<number> {
    return (await this.#unlessOutside(() => this.inLog(_id, toSeq))) ?? 0;
  }

  async #nextOnList(place: ListPlace | undefined, count: number): Promise<ConversationRecord[]> {
    const { apart, conversations } = this.#parts;
    const below = place && { lastMessageAt: new Date(place.atMs), _id: place._id };
    const read = () => conversations.findPage(this.#caller, count, below);
    const { found, apart: beside } = await apart.beside(this.#caller, read);
    const listed = new Set(found.map(({ _id }) => _id));
    const others = beside.filter((one) => !listed.has(one._id) && isBelow(one, below));
    return [...found, ...others].sort(newestFirst).slice(0, count);
  }

  /** As many of these conversations, from the first on, as can be asked about together. */
  async #askMany(
    batch: readonly ConversationRecord[],
  ): Promise<{ searched: readonly ConversationRecord[]; found: Found[] | undefined }> {
    let searched = batch;
    for (;;) {
      const conversationIds = searched.filter((one) => !isOver(one)).map(({ _id }) => _id);
      const found = conversationIds.length === 0 ? [] : await this.#ask({ conversationIds });
      if (found !== undefined || searched.length === 1) return { searched, found };
      searched = searched.slice(0, Math.ceil(searched.length / 4));
    }
  }

  /** Takes the matches of conversations in their order. @returns how far that came. */
  async #takeMany(
    searched: readonly ConversationRecord[],
    found: readonly Found[] | undefined,
  ): Promise<ListPlace | undefined> {
    const matches = groupBy(found ?? [], ({ conversationId }) => conversationId);
    let place: ListPlace | undefined;
    for (const { _id, lastMessageAt, lastSeq } of searched) {
      place = { atMs: lastMessageAt.getTime(), _id, toSeq: 0 };
      if (found === undefined) {
        return { ...place, toSeq: (await this.#parts.messages.findTail(_id, lastSeq))?.seq ?? 0 };
      }
      const here = matches.get(_id);
      if (here === undefined) continue;
      const left = await this.#unlessOutside(() => this.#take(_id, here));
      if (left !== undefined) return { ...place, toSeq: left };
      if (this.#room === 0) return place;
    }
    return place;
  }

  /**
   * Takes what of one conversation is asked for and may be seen, as far as there is room. Who is in it is read after the
   * messages: who was shown out before one of them was written is not taken for a member.
   *
   * @returns up to which place matches are left; undefined for none.
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async #take(conversationId: ConversationId, found: readonly Found[]): Promise<number | undefined> {
    const matches = found.filter((one) => fits(this.#query, one)).sort((a, b) => b.seq - a.seq);
    if (matches.length === 0) return undefined;
    const { access, visibility, views } = this.#parts;
    const standing = await access.requireMember(this.#caller, conversationId);
    const viewer = await visibility.viewerOf(this.#caller, standing, { seqs: matches.map(({ seq }) => seq) });
    const seen = matches.filter((one) => viewer.sees(one));
    const taken = seen.slice(0, this.#room);
    const positions = await views.standing([conversationId], this.#caller);
    const shown = await views.presentFor(viewer, taken, positions);
    this.messages.push(...shown.filter((view) => view.kind !== 'hidden'));
    return taken.length < seen.length ? (taken.at(-1)?.seq ?? 1) - 1 : undefined;
  }

  async #unlessOutside(act: () => Promise<number | undefined>): Promise<number | undefined> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof AppError && error.code === 'NOT_PARTICIPANT') return undefined;
      throw error;
    }
  }

  /** Everything that the key finds within reach; undefined where that is more than two pages. */
  async #ask(reach: Reach): Promise<Found[] | undefined> {
    this.#key ??= await this.#rarest(reach);
    this.#questions += 1;
    const found = await this.#parts.index.findMatches(reach, this.#key, this.#cap + 1);
    return found.length > this.#cap ? undefined : found;
  }

  /** Of several words, and the sender, the one that finds the least where the search begins. */
  async #rarest({ conversationIds, seqs }: Reach): Promise<SearchKey> {
    const keys = keysOf(this.#query);
    const sample = seqs && { from: Math.max(1, seqs.to - SAMPLE_PLACES + 1), to: seqs.to };
    const reach = sample === undefined ? { conversationIds } : { conversationIds, seqs: sample };
    this.#questions += keys.length;
    const counts = await Promise.all(
      keys.map(async (key) => ({
        key,
        count: (await this.#parts.index.findMatches(reach, key, this.#cap + 1)).length,
      })),
    );
    const [first] = counts.sort((a, b) => a.count - b.count);
    if (first === undefined) throw new Error('a search for nothing');
    return first.key;
  }

  get #room(): number {
    return this.#limit - this.messages.length;
  }

  get #cap(): number {
    return 2 * this.#limit;
  }

  get #mayAsk(): boolean {
    return this.#questions < MAX_QUESTIONS;
  }
}
