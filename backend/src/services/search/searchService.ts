import { z } from 'zod';
import {
  LIMITS,
  conversationId as conversationIdSchema,
  type CommandData,
  type CommandPayload,
  type ConversationId,
  type UserId,
} from '../../../../contract/index.js';
import { decodeCursor, encodeCursor, timeMs } from '../cursors.js';
import { toQuery, type Query } from './query.js';
import { Search, type SearchParts } from './search.js';

const place = z.int().min(0);
const logCursor = z.tuple([place]);
const listCursor = z
  .tuple([timeMs, conversationIdSchema, place])
  .transform(([atMs, _id, toSeq]) => ({ atMs, _id, toSeq }));

interface Request {
  caller: UserId;
  query: Query;
  limit: number;
  cursor: string | undefined;
}

/** Finds what was said, by words and by sender. */
export class SearchService {
  readonly #parts: SearchParts;

  constructor(parts: SearchParts) {
    this.#parts = parts;
  }

  /**
   * A page of what fits: of one conversation the newest message first; of all of them conversation by conversation, in
   * the order of the list. A page may be short, or empty, and not be the last: that is the one without `nextCursor`.
   *
   * @throws AppError `NOT_PARTICIPANT`; `VALIDATION` for neither words nor sender, for too many words, and for a
   * cursor of another search.
   */
  async search(
    caller: UserId,
    { conversationId, limit = LIMITS.searchPageDefault, cursor, ...wanted }: CommandPayload<'searchMessages'>,
  ): Promise<CommandData<'searchMessages'>> {
    const query = toQuery(wanted);
    if (query === undefined) {
      if (conversationId !== undefined) await this.#parts.access.requireMember(caller, conversationId);
      return { messages: [] };
    }
    const request = { caller, query, limit, cursor };
    return conversationId === undefined ? this.#everywhere(request) : this.#inOne(request, conversationId);
  }

  async #inOne({ cursor, ...request }: Request, id: ConversationId): Promise<CommandData<'searchMessages'>> {
    const search = new Search(this.#parts, request);
    const toSeq =
      cursor === undefined ? await this.#endOf(id, request.caller) : decodeCursor(cursor, logCursor)[0];
    const left = await search.inLog(id, toSeq);
    return { messages: search.messages, ...(left !== undefined && { nextCursor: encodeCursor([left]) }) };
  }

  async #everywhere({ cursor, ...request }: Request): Promise<CommandData<'searchMessages'>> {
    const search = new Search(this.#parts, request);
    const left = await search.onList(cursor === undefined ? undefined : decodeCursor(cursor, listCursor));
    return {
      messages: search.messages,
      ...(left !== undefined && { nextCursor: encodeCursor([left.atMs, left._id, left.toSeq]) }),
    };
  }

  /** The end of the log itself: what was said a moment ago, on whichever process, is found. */
  async #endOf(id: ConversationId, caller: UserId): Promise<number> {
    const { views, messages } = this.#parts;
    const { conversations } = await views.standing([id], caller);
    return (await messages.findTail(id, conversations.get(id)?.lastSeq ?? 0))?.seq ?? 0;
  }
}
