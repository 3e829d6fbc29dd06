import { z } from 'zod';
import {
  LIMITS,
  conversationId as conversationIdSchema,
  type CommandData,
  type CommandPayload,
  type ConversationId,
  type UserId,
} from '../../../../contract/index.js';
import { decodeCursor, encodeCursor, timeMs } from '../../utils/cursors.js';
import { toQuery, type Query } from './query.js';
import { sharedWalk, toSharedTuple } from '../conversations/index.js';
import { Search, type SearchPosition, type SearchDeps } from './search.js';

const seqSchema = z.int().min(0);
const logCursor = z.tuple([seqSchema]);
/** `sharedWalk` and the flag are set if several processes share the database. The flag is true in stage `changed`. */
const listCursor = z
  .tuple([timeMs, conversationIdSchema, seqSchema, sharedWalk.optional(), z.boolean().optional()])
  .transform(([atMs, _id, toSeq, shared, isChanged]) => ({
    atMs,
    _id,
    toSeq,
    shared,
    stage: isChanged === true ? ('changed' as const) : ('recent' as const),
  }));

interface Request {
  caller: UserId;
  query: Query;
  limit: number;
  cursor: string | undefined;
}

/** Searches messages by words and by sender. */
export class SearchService {
  readonly #deps: SearchDeps;

  constructor(deps: SearchDeps) {
    this.#deps = deps;
  }

  /**
   * Returns a page of matches. Within one conversation the newest message comes first. Over all conversations,
   * matches are grouped by conversation, in the order of the list. A page may be short or empty without being the
   * last: the last page has no `nextCursor`.
   *
   * @throws AppError `NOT_PARTICIPANT`; `VALIDATION` without words and sender, for too many words, and for a cursor
   * of another search.
   */
  async search(
    caller: UserId,
    { conversationId, limit = LIMITS.searchPageDefault, cursor, ...wanted }: CommandPayload<'searchMessages'>,
  ): Promise<CommandData<'searchMessages'>> {
    const query = toQuery(wanted);
    if (query === undefined) {
      if (conversationId !== undefined) await this.#deps.access.requireMember(caller, conversationId);
      return { messages: [] };
    }
    const request = { caller, query, limit, cursor };
    return conversationId === undefined ? this.#everywhere(request) : this.#inOne(request, conversationId);
  }

  async #inOne({ cursor, ...request }: Request, id: ConversationId): Promise<CommandData<'searchMessages'>> {
    const search = new Search(this.#deps, request);
    const toSeq =
      cursor === undefined ? await this.#endOf(id, request.caller) : decodeCursor(cursor, logCursor)[0];
    const left = await search.inLog(id, toSeq);
    return { messages: search.messages, ...(left !== undefined && { nextCursor: encodeCursor([left]) }) };
  }

  async #everywhere({ cursor, ...request }: Request): Promise<CommandData<'searchMessages'>> {
    const search = new Search(this.#deps, request);
    const left = await search.onList(cursor === undefined ? undefined : decodeCursor(cursor, listCursor));
    return {
      messages: search.messages,
      ...(left !== undefined && { nextCursor: toCursor(left) }),
    };
  }

  /** Returns the end of the log. Reads the log itself, so that messages just stored by any process are found. */
  async #endOf(id: ConversationId, caller: UserId): Promise<number> {
    const { views, messages } = this.#deps;
    const { conversations } = await views.loadContext([id], caller);
    return (await messages.findTail(id, conversations.get(id)?.lastSeq ?? 0))?.seq ?? 0;
  }
}

const toCursor = ({ atMs, _id, toSeq, shared, stage }: SearchPosition): string =>
  encodeCursor([
    atMs,
    _id,
    toSeq,
    ...(shared === undefined ? [] : [toSharedTuple(shared), stage === 'changed']),
  ]);
