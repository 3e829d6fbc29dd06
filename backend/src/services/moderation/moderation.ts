import { captionText, SYSTEM_USER_ID, type UserId } from '../../../../contract/index.js';
import type { ReportModel } from '../../models/reportModel.js';
import { AppError } from '../../utils/appError.js';
import { monotonicMs } from '../../utils/clock.js';
import { InOrder } from '../../utils/inOrder.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { ModerationHook, ReviewRequest, Verdict } from './hook.js';

export interface ModerationSettings {
  hook: ModerationHook;
  /** Decision about a text that the hook does not decide about in time. */
  fallback: 'allow' | 'reject';
}

interface ModerationDeps {
  moderation: ModerationSettings | undefined;
  reports: Pick<ReportModel, 'open'>;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'reviews' | 'reviewSeconds'>;
  log: ThrottledLog;
}

/** A text that may be stored. */
export interface Reviewed {
  content: string;
  /** Set when moderators should look at it. */
  flag?: { reason?: string };
}

interface FlaggedMessage {
  conversationId: ReviewRequest['conversationId'];
  seq: number;
  senderId: UserId;
  flag?: { reason?: string };
}

const rejected = (reason = 'This text is not allowed here.'): AppError => new AppError('REJECTED', reason);

/**
 * Asks the app's moderation before a text is stored: messages and edits of users, whatever entry point they come through.
 * The app's backend is not asked about what it writes as the system.
 */
export class Moderation {
  readonly #deps: ModerationDeps;
  readonly #order = new InOrder();

  constructor(deps: ModerationDeps) {
    this.#deps = deps;
  }

  /** True when texts of this user are reviewed. */
  reviews(userId: UserId): boolean {
    return this.#deps.moderation !== undefined && userId !== SYSTEM_USER_ID;
  }

  /**
   * Reviews a text, and passes it to `store` as it may be stored. Texts of one user in one conversation are reviewed at the same
   * time and stored in the order of the calls.
   *
   * @param isKnown says whether it was reviewed before: then `store` gets undefined.
   * @throws AppError `REJECTED`; and the errors of `isKnown` and `store`.
   */
  pass<Result>(
    request: ReviewRequest,
    store: (reviewed: Reviewed | undefined) => Promise<Result>,
    isKnown: () => Promise<boolean>,
  ): Promise<Result> {
    const key = `${request.conversationId} ${request.senderId}`;
    const review = async () => ((await isKnown()) ? undefined : this.#review(request));
    return this.#order.run(key, review, store);
  }

  /** Opens a report about a flagged message, for the moderators' list. Never throws: the message itself carries the flag. */
  async noteFlagged({ conversationId, seq, senderId, flag }: FlaggedMessage): Promise<void> {
    if (flag === undefined) return;
    const { reports, time, log } = this.#deps;
    try {
      await reports.open(
        {
          reporterId: SYSTEM_USER_ID,
          userId: senderId,
          message: { conversationId, seq },
          reason: 'other',
          comment: flag.reason,
        },
        time.now(),
      );
    } catch (error) {
      log.warn('report', { err: error }, 'a flagged message could not be reported');
    }
  }

  async #review(request: ReviewRequest): Promise<Reviewed> {
    const { moderation, metrics } = this.#deps;
    const { content } = request;
    if (moderation === undefined) return { content };
    const startedMs = monotonicMs();
    const answer = await this.#ask(moderation, request);
    metrics.reviewSeconds.observe((monotonicMs() - startedMs) / 1_000);
    metrics.reviews.inc({ outcome: answer.outcome });
    const { verdict } = answer;
    switch (verdict.action) {
      case 'allow':
        return { content };
      case 'reject':
        throw rejected(verdict.reason);
      case 'replace':
        return { content: verdict.content };
      case 'flag':
        return { content, flag: verdict.reason === undefined ? {} : { reason: verdict.reason } };
    }
  }

  async #ask(
    { hook, fallback }: ModerationSettings,
    request: ReviewRequest,
  ): Promise<{ verdict: Verdict; outcome: string }> {
    try {
      const verdict = await hook.ask(request);
      if (verdict.action !== 'replace') return { verdict, outcome: verdict.action };
      const { data: content, success } = captionText.safeParse(verdict.content);
      if (!success || (content === '' && request.content !== '')) {
        throw new Error('the moderation hook answered with a text that cannot be stored');
      }
      return { verdict: { ...verdict, content }, outcome: 'replace' };
    } catch (error) {
      this.#deps.log.warn('moderation', { err: error, fallback }, 'the moderation hook did not decide');
      const verdict: Verdict =
        fallback === 'allow'
          ? { action: 'allow' }
          : { action: 'reject', reason: 'This text cannot be checked at the moment. Try again later.' };
      return { verdict, outcome: `fallback_${fallback}` };
    }
  }
}
