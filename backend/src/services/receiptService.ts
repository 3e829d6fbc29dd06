import type { ConversationId, PositionInput, PositionView, UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord, Position } from '../models/memberModel.js';
import type { MessageModel } from '../models/messageModel.js';
import type { OwnStateModel } from '../models/ownStateModel.js';
import { AppError, notParticipant, unavailable } from '../utils/appError.js';
import { groupBy } from '../utils/groupBy.js';
import type { Logger } from '../utils/logger.js';
import type { Access } from './access.js';
import { groupPositions } from './conversationViews.js';
import type { Sight } from './safety/index.js';
import type { Summaries } from './derived/summaries.js';
import type { WriteWatermark } from './derived/writeWatermark.js';
import type { Publisher } from './ports.js';
import { effectivePosition, toPositionView, type Positions } from './present.js';

interface ReceiptParts {
  conversations: Pick<ConversationModel, 'findByIds' | 'clearUnread'>;
  members: Pick<MemberModel, 'advance' | 'findOf'>;
  messages: Pick<MessageModel, 'findSeq' | 'findTail' | 'findCounts'>;
  access: Access;
  sight: Pick<Sight, 'discretion' | 'veiledCounts'>;
  summaries: Summaries;
  watermark: WriteWatermark;
  publisher: Publisher;
  ownStates: Pick<OwnStateModel, 'clearMarks'>;
  /** These have read what they had marked as unread. */
  onUnmarked: (marked: readonly { conversationId: ConversationId; userId: UserId }[]) => void;
  logger: Logger;
}

type Known = Pick<MemberRecord, 'lastReadSeq' | 'lastDeliveredSeq'> & Partial<MemberRecord>;

interface Waiting extends Position {
  done: Promise<PositionView>;
  resolve: (view: PositionView) => void;
  reject: (error: unknown) => void;
}

const MAX_BULK = 500;
/** Positions (of different people or conversations) that may wait for their write. */
const MAX_WAITING = 20_000;
const positionKey = (position: { conversationId: string; userId: string }): string =>
  `${position.conversationId}${position.userId}`;

/**
 * How far each member has come. The first position goes to the database at once; what arrives while a write is in
 * flight is coalesced (the furthest counts) and goes out together in the next. Answered after the write.
 */
export class ReceiptService {
  readonly #parts: ReceiptParts;
  #waiting = new Map<string, Waiting>();
  #writing: Promise<void> | undefined;

  constructor(parts: ReceiptParts) {
    this.#parts = parts;
  }

  /**
   * Everything up to a place has reached the caller, or was read by them. A place beyond the end is cut to it.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (no such message in this conversation), `UNAVAILABLE`.
   */
  async advance(caller: UserId, kind: 'read' | 'delivered', input: PositionInput): Promise<PositionView> {
    await this.#parts.access.requireRecentMember(caller, input.conversationId);
    const seq = input.seq ?? (await this.#seqOf(input));
    return this.#enqueue({
      conversationId: input.conversationId,
      userId: caller,
      readSeq: kind === 'read' ? seq : 0,
      // Known when it is written.
      readN: 0,
      deliveredSeq: seq,
    });
  }

  /** Resolves when everything taken in is written. */
  async drain(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #seqOf({ conversationId, messageId }: PositionInput): Promise<number> {
    const seq = messageId && (await this.#parts.messages.findSeq(conversationId, messageId));
    if (seq === undefined) throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    return seq;
  }

  #enqueue(position: Position): Promise<PositionView> {
    const key = positionKey(position);
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      known.readSeq = Math.max(known.readSeq, position.readSeq);
      known.deliveredSeq = Math.max(known.deliveredSeq, position.deliveredSeq);
      return known.done;
    }
    if (this.#waiting.size >= MAX_WAITING) throw unavailable('Too many positions wait for the database.');
    let resolve: Waiting['resolve'] = () => undefined;
    let reject: Waiting['reject'] = () => undefined;
    const done = new Promise<PositionView>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    this.#waiting.set(key, { ...position, done, resolve, reject });
    this.#writing ??= this.#write();
    return done;
  }

  async #write(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, MAX_BULK);
      for (const position of batch) this.#waiting.delete(positionKey(position));
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        for (const position of batch) position.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { members, conversations, summaries, watermark } = this.#parts;
    const ids = [...new Set(batch.map(({ conversationId }) => conversationId))];
    const [before, stored] = await Promise.all([
      members.findOf(ids).then(groupPositions),
      conversations.findByIds(ids),
    ]);
    const records = new Map(stored.map((record) => [record._id, summaries.overlay(record)]));
    await this.#cutToTail(batch, records);
    await this.#count(batch, records);
    const news = batch.filter((position) =>
      isAhead(position, before.get(position.conversationId)?.get(position.userId)),
    );
    if (news.length > 0) await watermark.track(() => members.advance(news));
    await this.#clearMarks(batch, before);
    await Promise.all(
      batch.map((position) => {
        const record = records.get(position.conversationId);
        const known = before.get(position.conversationId)?.get(position.userId);
        if (record !== undefined)
          return this.#answer(position, record, { known, isNews: news.includes(position) });
        position.reject(notParticipant());
        return Promise.resolve();
      }),
    );
    await this.#clearUnread(news);
  }

  /** Who reads has not marked it as unread any more; their other devices hear so. */
  async #clearMarks(
    batch: readonly Waiting[],
    before: ReadonlyMap<ConversationId, Positions>,
  ): Promise<void> {
    const marked = batch.flatMap(({ conversationId, userId, readSeq }) => {
      const known = before.get(conversationId)?.get(userId);
      return readSeq > 0 && known?.markedUnread === true ? [{ conversationId, userId }] : [];
    });
    if (marked.length === 0) return;
    await this.#parts.watermark.track(() => this.#parts.ownStates.clearMarks(marked));
    this.#parts.onUnmarked(marked);
  }

  /** A place beyond the end is cut to it; beyond the summary's end only the log itself knows. */
  async #cutToTail(
    batch: readonly Waiting[],
    records: ReadonlyMap<ConversationId, ConversationRecord>,
  ): Promise<void> {
    const beyond = batch.filter(
      ({ conversationId, deliveredSeq }) => deliveredSeq > (records.get(conversationId)?.lastSeq ?? 0),
    );
    await Promise.all(
      beyond.map(async (position) => {
        const knownSeq = records.get(position.conversationId)?.lastSeq ?? 0;
        const end = (await this.#parts.messages.findTail(position.conversationId, knownSeq))?.seq ?? 0;
        position.readSeq = Math.min(position.readSeq, end);
        position.deliveredSeq = Math.min(position.deliveredSeq, end);
      }),
    );
  }

  /** How many counted messages lie up to each read position: in a log without control entries its own number. */
  async #count(
    batch: readonly Waiting[],
    records: ReadonlyMap<ConversationId, ConversationRecord>,
  ): Promise<void> {
    const uncounted: Waiting[] = [];
    for (const position of batch) {
      const record = records.get(position.conversationId);
      if (record === undefined || position.readSeq === 0) continue;
      const isInside = position.readSeq <= record.lastSeq;
      if (isInside && record.lastSeq === record.messageCount) position.readN = position.readSeq;
      else if (position.readSeq === record.lastSeq) position.readN = record.messageCount;
      else uncounted.push(position);
    }
    await Promise.all(
      [...groupBy(uncounted, ({ conversationId }) => conversationId)].map(async ([id, positions]) => {
        const counts = await this.#parts.messages.findCounts(
          id,
          positions.map(({ readSeq }) => readSeq),
        );
        for (const position of positions) position.readN = counts.get(position.readSeq) ?? 0;
      }),
    );
  }

  async #answer(
    position: Waiting,
    record: ConversationRecord,
    { known, isNews }: { known: Known | undefined; isNews: boolean },
  ): Promise<void> {
    const now = {
      ...known,
      lastReadSeq: Math.max(position.readSeq, known?.lastReadSeq ?? 0),
      lastReadN: Math.max(position.readN, known?.lastReadN ?? 0),
      lastDeliveredSeq: Math.max(position.deliveredSeq, known?.lastDeliveredSeq ?? 0),
    };
    const reached = effectivePosition(record, new Map([[position.userId, now]]), position.userId);
    const counted = await this.#parts.sight.veiledCounts.unread(position.userId, [
      { conversation: record, reached },
    ]);
    const view = toPositionView({ ...position, at: new Date() }, reached, counted.get(record._id) ?? 0);
    const deliveredBefore = Math.max(known?.lastDeliveredSeq ?? 0, known?.lastReadSeq ?? 0);
    if (isNews) this.#tell(record.participants, view, view.deliveredSeq > deliveredBefore);
    position.resolve(view);
  }

  /** Who does not let others know what they have read, or does not care, hears of the delivery alone. */
  #tell(participants: readonly UserId[], own: PositionView, isDelivery: boolean): void {
    const { unreadCount: _private, ...all } = own;
    const others = participants.filter((userId) => userId !== own.userId);
    const shares = this.#parts.sight.discretion.sharesPositions(own.userId);
    const delivery = { ...all, readSeq: 0 };
    const shared = shares === 'read' ? all : delivery;
    if (shares === 'read' || (shares === 'delivered' && isDelivery)) {
      this.#parts.publisher.toUsers(
        others,
        { event: 'message:status', data: shared },
        { from: own.userId, ...(isDelivery && { veiled: delivery }) },
      );
    }
    this.#parts.publisher.toUsers([own.userId], { event: 'message:status', data: own });
  }

  /** Who has read to the end leaves the superset behind totals; should this fail, totals are only slower. */
  async #clearUnread(news: readonly Waiting[]): Promise<void> {
    const reads = news.filter(({ readSeq }) => readSeq > 0);
    if (reads.length === 0) return;
    try {
      await this.#parts.conversations.clearUnread(reads);
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'maybeUnread could not be cleared');
    }
  }
}

function isAhead(position: Position, stored?: { lastReadSeq: number; lastDeliveredSeq: number }): boolean {
  return (
    position.readSeq > (stored?.lastReadSeq ?? 0) ||
    Math.max(position.deliveredSeq, position.readSeq) > (stored?.lastDeliveredSeq ?? 0)
  );
}
