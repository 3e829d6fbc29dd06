import type { ConversationId, PositionInput, PositionView, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { EntryFacts, MessageModel } from '../../models/messageModel.js';
import type { MemberSettingsModel } from '../../models/memberSettingsModel.js';
import type { ReceiptModel } from '../../models/receiptModel.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { Access } from '../membership/index.js';
import type { DatabaseTime, WriteWatermark } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import { toPositionFields, toPositionView } from '../positions/index.js';
import {
  byConversation,
  countReads,
  cutToTail,
  isAhead,
  ownPosition,
  toMove,
  toReceipts,
  type Move,
  type Report,
} from './positionAdvance.js';
import { type MessageLookup, PositionMessages } from './positionMessages.js';
import { PositionQueue, type Waiting } from './positionQueue.js';
import { ReceiptNotifier, type NotifierDeps } from './receiptNotifier.js';
import type { ViewerRules } from '../visibility/index.js';

/** Minimum time between two writes of positions of a conversation, in ms. */
export interface ReceiptWindows {
  smallMs: number;
  /** Of large groups and channels. */
  largeMs: number;
}

interface ReceiptDeps extends Omit<NotifierDeps, 'messages'> {
  conversations: Pick<ConversationModel, 'findByIds' | 'clearUnread'>;
  members: Pick<MemberModel, 'advance' | 'findByConversations' | 'findByUsers'>;
  messages: NotifierDeps['messages'] &
    Pick<MessageModel, 'factsUpTo' | 'findCounts' | 'findEntry' | 'findTail'>;
  receipts: Pick<ReceiptModel, 'insert'>;
  access: Access;
  viewerRules: Pick<ViewerRules, 'blocks' | 'privacyPolicy' | 'redactedCounts'>;
  summaries: Summaries;
  watermark: WriteWatermark;
  time: DatabaseTime;
  memberSettings: Pick<MemberSettingsModel, 'clearMarkedUnread'>;
  windows: ReceiptWindows;
  /** Called for members who have read a conversation that they had marked as unread. */
  onUnmarked: (marked: readonly { conversationId: ConversationId; userId: UserId }[]) => void;
  /** Called for members whose read position has moved. */
  onRead: (reads: readonly { conversationId: ConversationId; userId: UserId; seq: number }[]) => void;
  logger: Logger;
}

/** Positions, of different members or conversations, that may wait for their write. */
const MAX_WAITING = 20_000;
const positionKey = ({ conversationId, userId }: { conversationId: string; userId: string }): string =>
  `${conversationId}${userId}`;

const further = (known: Report, more: Report): Report => ({
  ...more,
  status: known.status === 'read' ? 'read' : more.status,
  named: more.named ?? known.named,
  readSeq: Math.max(known.readSeq, more.readSeq),
  deliveredSeq: Math.max(known.deliveredSeq, more.deliveredSeq),
});

const toRead = ({ conversationId, userId, readSeq }: Move) =>
  readSeq > 0 ? [{ conversationId, userId, seq: readSeq }] : [];

/**
 * Delivered and read positions of members, and in direct conversations and small groups the times of receipts. Reports are
 * written in batches (`receipts/positionQueue.ts`) and answered after the write.
 */
export class ReceiptService {
  readonly #deps: ReceiptDeps;
  readonly #notifier: ReceiptNotifier;
  readonly #positionMessages: PositionMessages;
  readonly #queue: PositionQueue<Report, PositionView>;
  #clearing: Promise<void> = Promise.resolve();

  constructor(deps: ReceiptDeps) {
    this.#deps = deps;
    this.#notifier = new ReceiptNotifier(deps);
    const { messages, viewerRules } = deps;
    this.#positionMessages = new PositionMessages({ messages, blocks: viewerRules.blocks });
    this.#queue = new PositionQueue({
      merge: further,
      windowMs: ({ membership }) => (membership.isLarge ? deps.windows.largeMs : deps.windows.smallMs),
      write: (batch) => this.#write(batch),
      maxWaiting: MAX_WAITING,
    });
  }

  /**
   * Stores that everything up to a position was delivered to the caller or read by them. A position beyond the end of the
   * log is cut to it.
   *
   * @param options.isUrgent writes at once, without waiting for the window of the conversation.
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (no such message in this conversation), `UNAVAILABLE`.
   */
  async advance(
    caller: UserId,
    kind: 'read' | 'delivered',
    { isUrgent = false, ...input }: PositionInput & { isUrgent?: boolean },
  ): Promise<PositionView> {
    const { conversationId } = input;
    const { membership, visibleFromSeq } = await this.#deps.access.requireRecentMember(
      caller,
      conversationId,
    );
    const named = input.seq === undefined ? await this.#entryOf(input) : undefined;
    const seq = input.seq ?? named?.seq ?? 0;
    const report: Report = {
      conversationId,
      userId: caller,
      membership,
      visibleFromSeq,
      status: kind,
      named,
      readSeq: kind === 'read' ? seq : 0,
      // Set when it is written.
      readN: 0,
      deliveredSeq: seq,
    };
    return this.#queue.add(report, { isUrgent });
  }

  /** Resolves when the reports of a member in a conversation so far are written, or have failed. */
  settle(userId: UserId, conversationId: ConversationId): Promise<void> {
    return this.#queue.settle({ userId, conversationId });
  }

  /** Resolves when all accepted reports are written. From now on, reports do not wait for windows. */
  async drain(): Promise<void> {
    await this.#queue.drain();
    await this.#clearing;
  }

  async #entryOf({ conversationId, messageId }: PositionInput): Promise<EntryFacts> {
    const entry = messageId && (await this.#deps.messages.findEntry(conversationId, messageId));
    if (entry === undefined)
      throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    return entry;
  }

  async #write(batch: readonly Waiting<Report, PositionView>[]): Promise<void> {
    const { messages, members, receipts, watermark, time } = this.#deps;
    const found = await this.#toMoves(batch);
    const moves = found.map(({ move }) => move);
    await cutToTail(messages, moves);
    await countReads(messages, moves);
    const news = moves.filter(isAhead);
    await Promise.all(news.map((move) => this.#judge(move)));
    // Before the write: when it fails, nothing is written, and the same reports can be sent again.
    const lookup = await this.#positionMessages.load(moves, news);
    if (news.length > 0) {
      const at = time.now();
      // Before the positions: a stored read position always has its time.
      await receipts.insert(news.flatMap((move) => toReceipts(move, at)));
      await watermark.track(() => members.advance(news));
    }
    await this.#clearMarks(moves);
    this.#deps.onRead(news.flatMap(toRead));
    await Promise.all(
      found.map(async ({ move, resolve }) => {
        const view = await this.#viewOf(move, lookup);
        if (news.includes(move)) this.#notifier.notify(move, view, lookup);
        resolve(view);
      }),
    );
    this.#notifier.notifyCounts(news);
    // The next write need not wait for it; the one after that does.
    await this.#clearing;
    this.#clearing = this.#clearUnread(news);
  }

  /** Sets which part of the move others may see, from rules that are at most a second old. */
  async #judge(move: Move): Promise<void> {
    Object.assign(
      move,
      await this.#deps.viewerRules.privacyPolicy.positionSharing(move.userId, move.membership),
    );
  }

  async #toMoves(
    batch: readonly Waiting<Report, PositionView>[],
  ): Promise<{ move: Move; resolve: (view: PositionView) => void }[]> {
    const { conversations, summaries } = this.#deps;
    const reports = batch.map(({ item }) => item);
    const [own, stored] = await Promise.all([
      this.#findOwn(reports),
      conversations.findByIds([...byConversation(reports).keys()]),
    ]);
    const records = new Map(stored.map((record) => [record._id, summaries.overlay(record)]));
    return batch.flatMap(({ item, resolve, reject }) => {
      const record = records.get(item.conversationId);
      if (record !== undefined) return [{ move: toMove(item, record, own.get(positionKey(item))), resolve }];
      reject(notParticipant());
      return [];
    });
  }

  /** Loads the stored positions: both of each direct conversation in one query, in groups those of the reporting members. */
  async #findOwn(reports: readonly Report[]): Promise<Map<string, MemberRecord>> {
    const { members } = this.#deps;
    const isDirect = ({ membership }: Report): boolean => membership.type === 'direct';
    const direct = byConversation(reports.filter(isDirect));
    const groups = byConversation(reports.filter((report) => !isDirect(report)));
    const found = await Promise.all([
      members.findByConversations([...direct.keys()]),
      ...[...groups].map(([id, some]) =>
        members.findByUsers(
          id,
          some.map(({ userId }) => userId),
        ),
      ),
    ]);
    return new Map(found.flat().map((member) => [positionKey(member), member]));
  }

  /** Reading clears the "marked unread" flag. The member's other devices are notified. */
  async #clearMarks(moves: readonly Move[]): Promise<void> {
    const marked = moves
      .filter(({ readSeq, known }) => readSeq > 0 && known?.markedUnread === true)
      .map(({ conversationId, userId }) => ({ conversationId, userId }));
    if (marked.length === 0) return;
    await this.#deps.watermark.track(() => this.#deps.memberSettings.clearMarkedUnread(marked));
    this.#deps.onUnmarked(marked);
  }

  /** The position for the member's own devices. */
  async #viewOf(move: Move, lookup: MessageLookup): Promise<PositionView> {
    const { record, userId, status } = move;
    const reached = ownPosition(move);
    const counted = await this.#deps.viewerRules.redactedCounts.unread(userId, [
      { conversation: record, reached },
    ]);
    const at = this.#deps.time.now();
    const fields = toPositionFields({ ...move, at }, reached, counted.get(record._id) ?? 0);
    const seq = status === 'read' ? reached.readSeq : reached.deliveredSeq;
    return toPositionView(fields, { status, messageId: lookup(userId, move, seq) });
  }

  /** Removes members who have read to the end from `maybeUnread`. When it fails, totals are only slower. */
  async #clearUnread(news: readonly Move[]): Promise<void> {
    const reads = news.filter(
      ({ readSeq, record }) => readSeq > 0 && readSeq >= record.lastSeq && record.apart !== true,
    );
    if (reads.length === 0) return;
    try {
      await this.#deps.conversations.clearUnread(reads);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'maybeUnread could not be cleared');
    }
  }
}
