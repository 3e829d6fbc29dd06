import type { AttachmentId } from '../../../contract/index.js';
import type { Models } from '../models/index.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { wordsOf } from '../utils/searchWords.js';
import { createChangeLog, recoverChanges, type ChangeLog, type ChangeWindows } from './changes/index.js';
import { CommitLog, type CommitLogLimits } from './commitLog/index.js';
import { recoverSummaries } from './derived/index.js';
import type { ServiceEvents } from './events.js';
import type { Foundations } from './foundations.js';
import type { MessagePublisher } from './messages/index.js';
import type { Publisher, WindowCache } from './ports.js';
import { ProcessRegistry } from './runtime/index.js';
import type { MessageViews } from './views/index.js';
import type { Visibility } from './visibility/index.js';

interface LogDeps {
  models: Models;
  foundations: Foundations;
  messageViews: MessageViews;
  messagePublisher: MessagePublisher;
  visibility: Visibility;
  publisher: Publisher;
  windows: WindowCache;
  markDeleting: (ids: readonly AttachmentId[]) => Promise<void>;
  events: ServiceEvents;
  metrics: Metrics;
  logger: Logger;
  limits: CommitLogLimits & { windowsOfChange: ChangeWindows };
}

/** Returns the smallest of the defined ids. */
const oldestOf = (...ids: (string | undefined)[]): string | undefined =>
  ids.filter((id) => id !== undefined).sort()[0];

/**
 * Builds the commit log of messages, the change log and the registry of processes. This process's entry in the registry
 * is its lease to write. The entry also names the oldest message that is stored and not yet summarised, where recovery
 * begins if this process dies.
 */
export function createLogs(deps: LogDeps) {
  const { models, foundations, metrics, logger, limits, publisher } = deps;
  const { summaries, membershipWriter, viewerRules } = foundations;
  const registry = new ProcessRegistry({
    processes: models.processes,
    ...foundations,
    logger,
    oldestPendingId: () =>
      oldestOf(
        commitLog.oldestWaitingId(),
        summaries.oldestPendingId(),
        membershipWriter.oldestPendingId(),
        changeLog.oldestPendingId(),
      ),
    recover: async (flushedThrough) => {
      await recoverSummaries({ ...models, ...foundations, publisher, metrics, logger }, flushedThrough);
      await recoverChanges({ ...models, changeLog, logger }, flushedThrough);
    },
  });
  const changeLog: ChangeLog = createChangeLog(
    {
      ...models,
      ...foundations,
      ...limits,
      ...viewerRules,
      lease: registry,
      logger,
      visibility: deps.visibility,
      windows: deps.windows,
      markDeleting: deps.markDeleting,
      onErased: (erased) => deps.events.emit('erased', erased),
      wordsOf,
    },
    {
      ...models,
      ...foundations,
      ...viewerRules,
      views: deps.messageViews,
      publisher,
      visibility: deps.visibility,
    },
  );
  const commitLog: CommitLog = new CommitLog(
    {
      ...models,
      ...foundations,
      lease: registry,
      safety: viewerRules.atCommit,
      metrics,
      logger,
      isBehind: () => summaries.isBehind(),
      onCommitted: (batch) => deps.messagePublisher.publish(batch),
    },
    limits,
  );
  return { registry, commitLog, changeLog };
}
