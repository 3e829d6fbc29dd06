import { z } from 'zod';
import {
  LIMITS,
  type Attachment,
  type CommandData,
  type CommandPayload,
  type EntryView,
  type ReportView,
  type UserId,
} from '../../../../contract/index.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { ReportModel, ReportRecord } from '../../models/reportModel.js';
import { uploadedIds } from '../../models/storedAttachment.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import { decodeCursor, encodeCursor } from '../../utils/cursors.js';
import type { ReportedFiles } from '../attachments/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import { isAbsentAt, visibleFrom, type MembershipStore } from '../membership/index.js';
import type { MessageViews } from '../views/index.js';

interface ReportDeps {
  reports: ReportModel;
  messages: Pick<MessageModel, 'findRange'>;
  memberships: MembershipStore;
  members: Pick<MemberModel, 'findByUser'>;
  views: MessageViews;
  reportedFiles: ReportedFiles;
  time: DatabaseTime;
}

type Reported = Pick<MessageRecord, 'conversationId' | 'seq'>;

const MAX_ATTEMPTS = 3;
/** Default page size. Each report takes one more query, for the messages around the reported one. */
const REPORTS_PER_PAGE = 20;
const reportCursor = z.tuple([z.string().regex(/^[0-9a-f]{24}$/)]);

/** Stores reports of users, and lists them for moderators. */
export class ReportService {
  readonly #deps: ReportDeps;

  constructor(deps: ReportDeps) {
    this.#deps = deps;
  }

  /**
   * Reports a user or a message. A repeated report returns the same id while the first one is open.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`, `VALIDATION` for oneself, `UNAVAILABLE`.
   */
  async report(reporterId: UserId, input: CommandPayload<'report'>): Promise<string> {
    const { conversationId, seq, reason, comment } = input;
    const message = conversationId === undefined || seq === undefined ? undefined : { conversationId, seq };
    const reported = message === undefined ? undefined : await this.#findShown(reporterId, message);
    const userId = reported?.senderId ?? input.userId;
    if (userId === undefined || userId === reporterId) {
      throw new AppError('VALIDATION', 'Report another user.', {
        details: [{ path: 'userId', rule: 'must be another user' }],
      });
    }
    const { reports, reportedFiles, time } = this.#deps;
    const files = uploadedIds(reported?.attachments);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const id = await reports.open({ reporterId, userId, message, reason, comment }, time.now());
      if (id !== undefined) {
        await reportedFiles.hold(files, id);
        return id;
      }
    }
    throw new AppError('UNAVAILABLE', 'The report could not be opened; ask again.', { retryAfterMs: 200 });
  }

  /**
   * Lists reports, oldest first, each with the messages around the reported one.
   *
   * @throws AppError `VALIDATION` (cursor).
   */
  async list(input: CommandPayload<'getReports'>): Promise<CommandData<'getReports'>> {
    const limit = input.limit ?? REPORTS_PER_PAGE;
    const afterId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, reportCursor)[0];
    const found = await this.#deps.reports.findPage(input.status ?? 'open', limit + 1, afterId);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const ofMessages = shown.filter(({ message }) => message !== undefined);
    const files = await this.#deps.reportedFiles.list(ofMessages.map(({ _id }) => _id));
    return {
      reports: await Promise.all(shown.map((record) => this.#present(record, files.get(record._id)))),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last._id]) }),
    };
  }

  /**
   * Returns a message that the reporter may see. Works for closed conversations and blocked senders too.
   */
  async #findShown(reporterId: UserId, { conversationId, seq }: Reported): Promise<MessageRecord> {
    const { memberships, members, messages } = this.#deps;
    const membership = await memberships.current(conversationId);
    if (membership === undefined) throw notParticipant();
    const facts = (await memberships.complete(membership, [reporterId])).get(reporterId);
    if (facts === undefined || membership.gone.has(reporterId)) throw notParticipant();
    const [[message], [own]] = await Promise.all([
      messages.findRange(conversationId, seq, seq),
      members.findByUser(reporterId, [conversationId]),
    ]);
    const isShown =
      message !== undefined &&
      message.kind !== 'system' &&
      message.shadow !== true &&
      seq >= visibleFrom(membership, facts) &&
      !isAbsentAt(own?.absences, seq);
    if (!isShown) throw new AppError('NOT_FOUND', 'There is no such message.');
    return message;
  }

  async #present(
    { _id, message, ...record }: ReportRecord,
    files: Attachment[] | undefined,
  ): Promise<ReportView> {
    const { reporterId, userId, reason, comment, status, createdAt } = record;
    const { decision, resolution, resolvedBy, resolvedAt } = record;
    return {
      _id,
      reporterId,
      userId,
      ...message,
      reason,
      status,
      ...(comment !== undefined && { comment }),
      ...(decision !== undefined && { decision }),
      ...(resolution !== undefined && { resolution }),
      ...(resolvedBy !== undefined && { resolvedBy }),
      ...(resolvedAt !== undefined && { resolvedAt: resolvedAt.toISOString() }),
      ...(files !== undefined && { files }),
      createdAt: createdAt.toISOString(),
      context: message === undefined ? [] : await this.#contextOf(message, reporterId),
    };
  }

  /** Reads the messages around a reported one as they are now, including those that only their sender sees. */
  async #contextOf({ conversationId, seq }: Reported, reporterId: UserId): Promise<EntryView[]> {
    const { messages, views } = this.#deps;
    const [found, context] = await Promise.all([
      messages.findRange(conversationId, Math.max(1, seq - LIMITS.reportContext), seq + LIMITS.reportContext),
      views.loadContext([conversationId], reporterId),
    ]);
    const moderator = {
      userId: reporterId,
      conversationId,
      visibleFromSeq: 1,
      blocked: new Set<UserId>(),
      sees: ({ silent }: Pick<MessageRecord, 'silent'>) => silent !== true,
      seesChange: () => true,
    };
    return views.presentFor(moderator, found, context);
  }
}
