import { z } from 'zod';
import {
  LIMITS,
  type CommandData,
  type CommandPayload,
  type EntryView,
  type ReportView,
  type UserId,
} from '../../../../contract/index.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { ReportModel, ReportRecord } from '../../models/reportModel.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import { decodeCursor, encodeCursor } from '../cursors.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import { visibleFrom } from '../membership/membership.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { MessageViews } from '../messageViews.js';

interface ReportParts {
  reports: ReportModel;
  messages: Pick<MessageModel, 'findRange'>;
  memberships: MembershipStore;
  views: MessageViews;
  time: DatabaseTime;
}

type Reported = Pick<MessageRecord, 'conversationId' | 'seq'>;

const MAX_ATTEMPTS = 3;
/** Each report on a page brings a range of the log with it. */
const REPORTS_PER_PAGE = 20;
const reportCursor = z.tuple([z.string().regex(/^[0-9a-f]{24}$/)]);

const notFound = (what: string): AppError => new AppError('NOT_FOUND', `There is no such ${what}.`);

/** What users tell the moderators, and what these see of it. */
export class ReportService {
  readonly #parts: ReportParts;

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  /**
   * Reports a user or a message; the same again, while it is open, is the same report.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`, `VALIDATION` for oneself, `UNAVAILABLE`.
   */
  async report(reporterId: UserId, input: CommandPayload<'report'>): Promise<string> {
    const { conversationId, seq, reason, comment } = input;
    const message = conversationId === undefined || seq === undefined ? undefined : { conversationId, seq };
    const userId = message === undefined ? input.userId : await this.#senderOf(reporterId, message);
    if (userId === undefined || userId === reporterId) {
      throw new AppError('VALIDATION', 'Report somebody else.', {
        details: [{ path: 'userId', rule: 'must be another user' }],
      });
    }
    const { reports, time } = this.#parts;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const id = await reports.open({ reporterId, userId, message, reason, comment }, time.now());
      if (id !== undefined) return id;
    }
    throw new AppError('UNAVAILABLE', 'The report could not be opened; ask again.', { retryAfterMs: 200 });
  }

  /** The oldest first, each with what was said around the message. @throws AppError `VALIDATION` (cursor). */
  async list(input: CommandPayload<'getReports'>): Promise<CommandData<'getReports'>> {
    const limit = input.limit ?? REPORTS_PER_PAGE;
    const afterId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, reportCursor)[0];
    const found = await this.#parts.reports.findPage(input.status ?? 'open', limit + 1, afterId);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      reports: await Promise.all(shown.map((record) => this.#present(record))),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last._id]) }),
    };
  }

  /** The first resolution stays. @throws AppError `NOT_FOUND`. */
  async resolve(by: UserId, reportId: string, resolution: string): Promise<void> {
    const { reports, time } = this.#parts;
    if (!(await reports.resolve(reportId, { by, resolution, at: time.now() }))) throw notFound('report');
  }

  /** Who said what is reported, also in a chat that is closed by now, and whether the reporter blocks them or not. */
  async #senderOf(reporterId: UserId, { conversationId, seq }: Reported): Promise<UserId> {
    const { memberships, messages } = this.#parts;
    const membership = await memberships.current(conversationId);
    if (membership === undefined) throw notParticipant();
    const facts = (await memberships.complete(membership, [reporterId])).get(reporterId);
    if (facts === undefined || membership.gone.has(reporterId)) throw notParticipant();
    const [message] = await messages.findRange(conversationId, seq, seq);
    const isShown =
      message !== undefined &&
      message.kind !== 'system' &&
      message.shadow !== true &&
      seq >= visibleFrom(membership, facts);
    if (!isShown) throw notFound('message');
    return message.senderId;
  }

  async #present({ _id, message, ...record }: ReportRecord): Promise<ReportView> {
    const { reporterId, userId, reason, comment, status, resolution, createdAt } = record;
    return {
      ...{ _id, reporterId, userId, ...message, reason, status },
      ...(comment !== undefined && { comment }),
      ...(resolution !== undefined && { resolution }),
      createdAt: createdAt.toISOString(),
      context: message === undefined ? [] : await this.#contextOf(message, reporterId),
    };
  }

  /** Read from the log, as it is now: also what only its sender sees. */
  async #contextOf({ conversationId, seq }: Reported, reporterId: UserId): Promise<EntryView[]> {
    const { messages, views } = this.#parts;
    const [found, standing] = await Promise.all([
      messages.findRange(conversationId, Math.max(1, seq - LIMITS.reportContext), seq + LIMITS.reportContext),
      views.standing([conversationId], reporterId),
    ]);
    const moderator = {
      ...{ userId: reporterId, conversationId, visibleFromSeq: 1 },
      sees: ({ silent }: Pick<MessageRecord, 'silent'>) => silent !== true,
    };
    return views.presentFor(moderator, found, standing);
  }
}
