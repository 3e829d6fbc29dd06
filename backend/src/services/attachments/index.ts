import type { AttachmentId } from '../../../../contract/index.js';
import { Completion, type CompletionDeps } from './completion.js';
import { FileAccess } from './fileAccess.js';
import { Remover } from './remover.js';
import { ReportedFiles } from './reportedFiles.js';
import { SentFiles, type SentFileDeps } from './sentFiles.js';
import { Sweeper, type SweeperDeps } from './sweeper.js';
import { Uploads, type UploadDeps } from './uploads.js';

export type { AttachmentLimits } from './settings.js';
export { removeFiles } from './remover.js';
export type { ReportedFiles } from './reportedFiles.js';
export type { SentFiles } from './sentFiles.js';
export { SWEPT, sweepSteps, type SweepStep, type Swept } from './sweep.js';

export type AttachmentDeps = Omit<UploadDeps, 'onDeleting'> &
  CompletionDeps &
  Omit<SentFileDeps, 'fileAccess'> &
  Omit<SweeperDeps, 'onDeleting' | 'now'> &
  ConstructorParameters<typeof FileAccess>[0] &
  ConstructorParameters<typeof Remover>[0];

/** Builds everything about uploaded files. */
export function createAttachments(deps: AttachmentDeps) {
  const remover = new Remover(deps);
  const onDeleting = remover.wake;
  const uploads = new Uploads({ ...deps, onDeleting });
  const completion = new Completion(deps);
  const fileAccess = new FileAccess(deps);
  const sweeper = new Sweeper({ ...deps, onDeleting, now: () => deps.time.now() });
  return {
    reportedFiles: new ReportedFiles({ ...deps, onDeleting }),
    uploads,
    completion,
    fileAccess,
    sentFiles: new SentFiles({ ...deps, fileAccess }),
    /** Puts files on the list of those to delete, before the message that has them loses them. */
    markDeleting: async (ids: readonly AttachmentId[]): Promise<void> => {
      await deps.attachments.markDeleting(ids, deps.time.now());
      if (ids.length > 0) onDeleting();
    },
    start: (): void => {
      remover.start();
      sweeper.start();
    },
    /** Lets running checks end, and stops the background work. */
    stop: async (): Promise<void> => {
      await completion.drain();
      await Promise.all([remover.stop(), sweeper.stop()]);
      await deps.media.close();
      await deps.store.close();
    },
  };
}

export type Attachments = ReturnType<typeof createAttachments>;
