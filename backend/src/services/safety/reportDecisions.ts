import { SYSTEM_USER_ID, type CommandPayload, type UserId } from '../../../../contract/index.js';
import type { ReportModel, ReportRecord } from '../../models/reportModel.js';
import { AppError } from '../../utils/appError.js';
import type { ReportedFiles } from '../attachments/index.js';
import type { ChangeService } from '../changes/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { UserDirectory } from '../users/index.js';

interface ReportDecisionDeps {
  reports: Pick<ReportModel, 'findById' | 'close'>;
  changes: Pick<ChangeService, 'deleteForEveryone'>;
  users: Pick<UserDirectory, 'setRestriction' | 'setBan'>;
  reportedFiles: Pick<ReportedFiles, 'release'>;
  time: DatabaseTime;
}

type Decision = Omit<CommandPayload<'resolveReport'>, 'reportId'>;

/** Applies the decisions of moderators and closes the reports. */
export class ReportDecisions {
  readonly #deps: ReportDecisionDeps;

  constructor(deps: ReportDecisionDeps) {
    this.#deps = deps;
  }

  /**
   * Decides an open report. A closed one stays as it is.
   *
   * The effect comes first: after a failure in between the report is still open, and the decision can be repeated.
   *
   * @throws AppError `NOT_FOUND`, `VALIDATION` for the deletion of a message when a user was reported, and the errors of
   * the effect.
   */
  async decide(by: UserId, reportId: string, { decision, resolution }: Decision): Promise<void> {
    const { reports, reportedFiles, time } = this.#deps;
    const report = await reports.findById(reportId);
    if (report === undefined) throw new AppError('NOT_FOUND', 'There is no such report.');
    if (report.status !== 'open') return;
    await this.#apply(report, decision);
    await reports.close(reportId, { by, decision, resolution, at: time.now() });
    if (report.message !== undefined) await reportedFiles.release(reportId);
  }

  async #apply({ userId, message }: ReportRecord, decision: Decision['decision']): Promise<void> {
    const { changes, users } = this.#deps;
    switch (decision) {
      case 'deleteMessage':
        if (message === undefined) {
          throw new AppError('VALIDATION', 'The report is about a user, not about a message.', {
            details: [{ path: 'decision', rule: 'deleteMessage needs a reported message' }],
          });
        }
        await changes.deleteForEveryone({ userId: SYSTEM_USER_ID, socketId: undefined }, message);
        return;
      case 'restrictUser':
        return users.setRestriction(userId, true);
      case 'banUser':
        return users.setBan(userId, true);
      case 'dismiss':
      case undefined:
        return;
    }
  }
}
