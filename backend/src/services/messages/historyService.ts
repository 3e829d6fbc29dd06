import { z } from 'zod';
import {
  LIMITS,
  messageId,
  type ConversationId,
  type ListInput,
  type MessagePageAnswer,
  type MessageView,
  type PageInput,
  type UserId,
} from '../../../../contract/index.js';
import type { MessageModel, MessageRecord, Tail } from '../../models/messageModel.js';
import type { Access } from '../membership/index.js';
import { decodeCursor, encodeCursor } from '../../utils/cursors.js';
import { monotonicMs } from '../../utils/clock.js';
import { createLru } from '../../utils/lru.js';
import type { MessageViews } from '../views/index.js';
import type { RecentWindows } from './recentWindows.js';
import type { OwnMessages } from './ownMessages.js';
import type { Visibility } from '../visibility/index.js';

interface HistoryDeps {
  messages: Pick<MessageModel, 'findRange' | 'findSettledRange' | 'findSince' | 'findTail' | 'findBySender'>;
  access: Access;
  views: MessageViews;
  windows: RecentWindows;
  visibility: Visibility;
  ownMessages: OwnMessages;
}

/** Conversations whose end is remembered. */
const MAX_ENDS = 50_000;

const limitOf = (input: PageInput): number => input.limit ?? LIMITS.messagePageDefault;
const isNewest = ({ before, after, around }: PageInput): boolean =>
  before === undefined && after === undefined && around === undefined;

const ownCursor = z.tuple([messageId]);

/** Reads stored messages: pages of a conversation by `seq`, and all messages of one user. */
export class HistoryService {
  readonly #deps: HistoryDeps;
  /** Ends of logs that were read before. A log only grows, unless an administrator undoes an import or a merge. */
  readonly #ends = createLru<ConversationId, number>(MAX_ENDS);

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /**
   * Returns a page of a conversation, oldest message first. As `seq` has no gaps, every page is one bounded index
   * range: message 1 is read as fast as message 1,000,000.
   *
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async page(caller: UserId, id: ConversationId, input: PageInput): Promise<MessagePageAnswer> {
    const { access, views, visibility } = this.#deps;
    const readAtMs = monotonicMs();
    const loading = views.loadContext([id], caller);
    const endedAt = this.#ends.get(id);
    // With a lower bound of the end of the log, a page needs not wait for the conversation.
    const early =
      isNewest(input) || endedAt === undefined
        ? undefined
        : Promise.all([this.#read(id, input, endedAt), this.#findTail(id, input, endedAt)]);
    early?.catch(() => undefined);
    const revOf = ({ conversations }: Awaited<typeof loading>): number => conversations.get(id)?.rev ?? 0;
    const [context, newest] = await Promise.all([
      loading,
      isNewest(input)
        ? this.#deps.windows.newest(id, limitOf(input), async () => revOf(await loading))
        : undefined,
    ]);
    const knownSeq = context.conversations.get(id)?.lastSeq ?? 0;
    const earlyRead = await early;
    const [messages, tail] =
      earlyRead?.[1] !== undefined
        ? earlyRead
        : await Promise.all([newest ?? this.#read(id, input, knownSeq), this.#findTail(id, input, knownSeq)]);
    if (newest === undefined && isNewest(input)) {
      this.#deps.windows.store(id, { rev: revOf(context), messages });
    }
    const ends = [...messages, ...(tail === undefined ? [] : [tail])];
    // Checked by what was read: the last membership event of the page or before it may have removed the caller.
    const control = ends.length === 0 ? undefined : Math.max(...ends.map((one) => one.control));
    const memberAccess = await access.requireMemberAsOf(caller, id, { control, readAtMs });
    const viewer = await visibility.viewerOf(caller, memberAccess, {
      ...{ fromSeq: messages[0]?.seq ?? 0, toSeq: messages.at(-1)?.seq ?? 0 },
      known: views.ownMember(context, memberAccess.membership),
    });
    const last = messages.at(-1)?.seq ?? 0;
    const lastSeq = Math.max(tail?.seq ?? 0, last);
    this.#ends.set(id, lastSeq);
    const requestedSeq = Math.max(input.after ?? 0, (input.before ?? 1) - 1, input.around ?? 0);
    return {
      messages: await views.presentFor(viewer, messages, context),
      lastSeq,
      hasMore:
        input.after !== undefined
          ? last > 0 && last < lastSeq
          : (messages[0]?.seq ?? 1) > viewer.visibleFromSeq,
      ...(requestedSeq > lastSeq && { reload: true }),
    };
  }

  /**
   * Lists all messages of the caller, newest first, as `OwnMessages` presents them. A page may be short or empty
   * without being the last: the last page has no `nextCursor`.
   *
   * @throws AppError `VALIDATION` for a cursor of another list.
   */
  async listOwn(caller: UserId, input: ListInput): Promise<{ messages: MessageView[]; nextCursor?: string }> {
    const limit = input.limit ?? LIMITS.conversationPageDefault;
    const beforeId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, ownCursor)[0];
    const found = await this.#deps.messages.findBySender(caller, { beforeId, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      messages: await this.#deps.ownMessages.present(caller, shown),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last._id]) }),
    };
  }

  #read(id: ConversationId, input: PageInput, knownSeq: number): Promise<MessageRecord[]> {
    const { messages } = this.#deps;
    const limit = limitOf(input);
    // Below the known end every `seq` is stored. A replica that returns fewer is behind, which can be detected.
    const readRange = (from: number, to: number) =>
      to < knownSeq ? messages.findSettledRange(id, from, to) : messages.findRange(id, from, to);
    if (input.before !== undefined) return readRange(Math.max(1, input.before - limit), input.before - 1);
    if (input.after !== undefined) return readRange(input.after + 1, input.after + limit);
    if (input.around !== undefined) {
      const from = Math.max(1, input.around - Math.floor(limit / 2));
      return readRange(from, from + limit - 1);
    }
    return messages.findSince(id, Math.max(1, knownSeq - limit + 1), limit);
  }

  /**
   * Reads the end of the log itself, as the summary may not be up to date. The newest page includes the end already.
   */
  async #findTail(id: ConversationId, input: PageInput, knownSeq: number): Promise<Tail | undefined> {
    return isNewest(input) ? undefined : this.#deps.messages.findTail(id, knownSeq);
  }
}
