import type { Attachment, AttachmentId } from '../../../../contract/index.js';
import type { AttachmentModel } from '../../models/attachmentModel.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { AttachmentViews } from '../views/index.js';

export interface ReportedFileDeps {
  attachments: Pick<AttachmentModel, 'report' | 'endReports' | 'findByReports'>;
  attachmentViews: AttachmentViews;
  time: DatabaseTime;
  /** Called when files were put on the list of those to delete. */
  onDeleting: () => void;
}

/**
 * Keeps the files of reported messages for the moderators. A deletion hides them from everybody else at once; their bytes stay
 * until the last report about them is decided.
 */
export class ReportedFiles {
  readonly #deps: ReportedFileDeps;

  constructor(deps: ReportedFileDeps) {
    this.#deps = deps;
  }

  /** Keeps the files of a message for a report. */
  hold(ids: readonly AttachmentId[], reportId: string): Promise<void> {
    return this.#deps.attachments.report(ids, reportId);
  }

  /** A report is decided: what only it has kept is deleted. Safe to repeat. */
  async release(reportId: string): Promise<void> {
    const { attachments, time, onDeleting } = this.#deps;
    if ((await attachments.endReports([reportId], time.now())) > 0) onDeleting();
  }

  /** Returns the files of undecided reports with signed URLs, by report. */
  async list(reportIds: readonly string[]): Promise<Map<string, Attachment[]>> {
    const { attachments, attachmentViews } = this.#deps;
    const found = new Map<string, Attachment[]>();
    for (const { _id, kind, facts, reports = [] } of await attachments.findByReports(reportIds)) {
      if (facts === undefined) continue;
      const view = attachmentViews.presentFile({ attachmentId: _id, kind }, facts);
      for (const id of reports) found.set(id, [...(found.get(id) ?? []), view]);
    }
    return found;
  }
}
