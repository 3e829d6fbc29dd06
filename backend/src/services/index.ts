import type { Models } from '../models/index.js';
import type { UserId } from '../../../contract/index.js';
import { BatchLoader } from '../utils/batchLoader.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { Access } from './access.js';
import { AliasService } from './aliases/aliasService.js';
import { createChangeLog, createChangeServices, recoverChanges, type ChangeLog } from './changes/index.js';
import type { ChangeWindows } from './changes/judge.js';
import { ApartConversations } from './apartConversations.js';
import { CommitLog, type CommitLogLimits } from './commitLog/commitLog.js';
import { ControlLog } from './controlLog.js';
import { ConversationService } from './conversationService.js';
import { ConversationViews } from './conversationViews.js';
import { DatabaseWatch } from './databaseWatch.js';
import { DatabaseTime } from './derived/databaseTime.js';
import { ProcessRegistry } from './derived/processRegistry.js';
import { recoverSummaries } from './derived/recovery.js';
import { Summaries } from './derived/summaries.js';
import { WriteWatermark } from './derived/writeWatermark.js';
import { EpochWatch, type EpochMemory } from './epochWatch.js';
import type { FanOutParts } from './fanOut.js';
import { GroupNews } from './groups/groupNews.js';
import { GroupService } from './groups/groupService.js';
import { MemberList } from './groups/memberList.js';
import { HeadService } from './headService.js';
import { HistoryService } from './historyService.js';
import { createLookups } from './lookups.js';
import { ListService } from './listService.js';
import { MembershipStore } from './membership/membershipStore.js';
import { MembershipWriter } from './membership/membershipWriter.js';
import { MessageService, publishCommitted } from './messageService.js';
import { MessageViews } from './messageViews.js';
import { MessageWindows } from './messageWindows.js';
import { Moves } from './moves.js';
import { OwnStateService } from './ownStateService.js';
import type { Erased, Place, PresenceStore, Publisher, WindowCache } from './ports.js';
import { PresenceService } from './presenceService.js';
import { ReceiptReads } from './receipts/receiptReads.js';
import { ReceiptService, type ReceiptWindows } from './receiptService.js';
import { createSafety, createSight, type Sight } from './safety/index.js';
import { SearchService } from './search/searchService.js';
import { wordsOf } from './search/words.js';
import { SyncService } from './syncService.js';
import { TypingService } from './typingService.js';
import { UnreadCounts } from './unreadCounts.js';
import { UserDirectory } from './userDirectory.js';
import { VerificationWatch } from './verificationWatch.js';
import { Visibility } from './visibility.js';

export interface ServiceParts {
  models: Models;
  publisher: Publisher;
  metrics: Metrics;
  logger: Logger;
  /** What is kept of the database's history outside of it. */
  epochMemory: EpochMemory;
  /** The database was restored under this process, which has to start anew. */
  onRestored: () => void;
  /** Ends the connections of a user. @returns whether there were any. */
  onRevoked: (userId: UserId, validFromMs: number) => boolean;
  /** Users were changed here: other processes may want to know at once. */
  onUsersChanged: () => void;
  /** A text was erased here: other processes must not keep a copy. */
  onErased: (erased: Erased) => void;
  /** Users are to see less, or more, of each other than before. */
  onHiding: (userIds: readonly UserId[]) => void;
  /** The same, told to the other processes, too. */
  onApart: (userIds: readonly UserId[]) => void;
  /** Who is online on other processes, where there are any. */
  presenceStore?: PresenceStore | undefined;
  windows: WindowCache;
  limits: CommitLogLimits & {
    sendTimeoutMs: number;
    presenceGraceMs: number;
    windowsOfChange: ChangeWindows;
    /** Between two verifications of what is stored, in ms; 0 for none. */
    verifyIntervalMs: number;
    receiptWindows: ReceiptWindows;
  };
}

/** What follows from the messages, and this process's place among the others. */
function createDerived({ models, publisher, metrics, logger }: ServiceParts) {
  const time = new DatabaseTime();
  const watermark = new WriteWatermark(time);
  const summaries = new Summaries({ ...models, watermark, metrics, logger });
  const membershipWriter = new MembershipWriter({ ...models, watermark, logger });
  const memberships = new MembershipStore({ ...models, writer: membershipWriter });
  const recoverMessages = (flushedThrough: string) =>
    recoverSummaries(
      { ...models, memberships, membershipWriter, watermark, publisher, metrics, logger },
      flushedThrough,
    );
  return { time, watermark, summaries, membershipWriter, memberships, recoverMessages };
}

/** The smallest of ids, where there are any. */
const oldestOf = (...ids: (string | undefined)[]): string | undefined =>
  ids.filter((id) => id !== undefined).sort()[0];

/** The way of a message: log, registry, and who writes what. */
function createLog(
  parts: ServiceParts,
  derived: ReturnType<typeof createDerived>,
  { views, fanOut, sight }: { views: MessageViews; fanOut: FanOutParts; sight: Sight },
) {
  const { models, metrics, logger, limits } = parts;
  const registry = new ProcessRegistry({
    processes: models.processes,
    ...derived,
    logger,
    oldestPendingId: () =>
      oldestOf(
        commitLog.oldestWaitingId(),
        derived.summaries.oldestPendingId(),
        derived.membershipWriter.oldestPendingId(),
        changeLog.oldestPendingId(),
      ),
    recover: async (flushedThrough) => {
      await derived.recoverMessages(flushedThrough);
      await recoverChanges({ ...models, changeLog, logger }, flushedThrough);
    },
  });
  const changeLog: ChangeLog = createChangeLog(
    {
      ...{ ...models, ...derived, ...limits, lease: registry, logger },
      windows: parts.windows,
      onErased: parts.onErased,
      wordsOf,
    },
    { ...models, ...derived, views, fanOut },
  );
  const commitLog: CommitLog = new CommitLog(
    {
      ...models,
      ...derived,
      lease: registry,
      safety: sight.atCommit,
      metrics,
      logger,
      isBehind: () => derived.summaries.isBehind(),
      onCommitted: (batch) => publishCommitted({ summaries: derived.summaries, views, fanOut }, batch),
    },
    limits,
  );
  return { registry, commitLog, changeLog };
}

const ALL = 'all processes';

/** Builds and joins every service of a process. `start` has to have resolved before anybody is served. */
export function createServices(parts: ServiceParts) {
  const { models, publisher, logger, limits } = parts;
  const derived = createDerived(parts);
  const { summaries } = derived;
  const users = new UserDirectory({
    users: models.users,
    time: derived.time,
    logger,
    metrics: parts.metrics,
    onRevoked: parts.onRevoked,
    onChanged: parts.onUsersChanged,
    onHiding: (userId) => parts.onHiding([userId]),
  });
  const { memberships } = derived;
  const sight = createSight({ ...parts, ...derived, users });
  const { blocks, discretion } = sight;
  const access = new Access(memberships);
  const visibility = new Visibility({ ...models, blocks });
  const fanOut: FanOutParts = { publisher };
  const lookups = createLookups(models);
  const messageViews = new MessageViews({ ...models, lookups, users, summaries, discretion });
  const views = new ConversationViews({ ...models, ...derived, lookups, users, sight });
  const { registry, commitLog, changeLog } = createLog(parts, derived, {
    views: messageViews,
    fanOut,
    sight,
  });
  // Asked by everybody who syncs, and the same for all: a thousand who come back at once ask once.
  const visibleThrough = new BatchLoader<typeof ALL, Date>(
    async () => [await registry.visibleThrough()],
    () => [ALL],
  );
  const apart = new ApartConversations(lookups);
  const epochs = new EpochWatch({
    ...models,
    logger,
    memory: parts.epochMemory,
    onRestored: parts.onRestored,
  });
  const unread = new UnreadCounts({ ...models, ...derived, lookups, apart, sight });
  const sync = new SyncService({
    ...{ ...models, ...derived, lookups, apart, unread, views },
    hiddenSeqs: (userId, ids, since) => models.hides.findSince(userId, ids, since),
    visibleThrough: () => visibleThrough.load([ALL]).then(([at]) => at ?? new Date(0)),
    epoch: () => epochs.current,
  });
  const shared = { ...parts, ...models, ...derived, access, sight };
  const receipts: ReceiptService = new ReceiptService({
    ...{ ...shared, lookups, windows: limits.receiptWindows },
    onUnmarked: (marked) => ownState.tell(marked),
  });
  const ownState = new OwnStateService({ ...shared, lookups, receipts });
  const changeServices = createChangeServices({
    ...{ ...shared, users, visibility, changeLog, views: messageViews },
    sendTimeoutMs: limits.sendTimeoutMs,
  });
  const databaseWatch = new DatabaseWatch({ facts: models.facts, metrics: parts.metrics, logger });
  const verificationWatch = new VerificationWatch({ ...shared, intervalMs: limits.verifyIntervalMs });
  const presence = new PresenceService({
    ...models,
    ...{ publisher, logger, discretion, store: parts.presenceStore, graceMs: limits.presenceGraceMs },
  });
  const { sendTimeoutMs } = limits;
  const controlLog = new ControlLog({ ...derived, commitLog, sendTimeoutMs });
  const news = new GroupNews({ ...models, views, publisher });
  const safety = createSafety({ ...shared, users, controlLog, views, messageViews }, sight);
  const moves = new Moves({ ...models, views, publisher });
  const groups = new GroupService({ ...shared, views, controlLog, news, blocks: safety.blocks });
  const windows = new MessageWindows({ ...models, cache: parts.windows, metrics: parts.metrics });
  return {
    users,
    views,
    sync,
    databaseWatch,
    conversations: new ConversationService({ ...shared, views, safety, moves }),
    lists: new ListService({
      ...{ ...shared, lookups, apart, unread, views },
      syncCursor: () => sync.cursorNow(),
    }),
    unread,
    ownState,
    messages: new MessageService({
      commitLog,
      views: messageViews,
      fanOut,
      sendTimeoutMs: limits.sendTimeoutMs,
    }),
    history: new HistoryService({
      messages: models.messages,
      ...{ access, views: messageViews, windows, visibility },
    }),
    ...changeServices,
    receiptReads: new ReceiptReads({
      ...{ ...shared, lookups, discretion, users, service: changeServices.changes },
    }),
    search: new SearchService({
      ...{ ...shared, apart, visibility, views: messageViews },
      index: models.search,
    }),
    receipts,
    presence,
    typing: new TypingService(access, publisher, discretion),
    access,
    aliases: new AliasService({ ...models, access, users }),
    safety,
    sight,
    memberships,
    moves,
    groups,
    memberList: new MemberList({ ...models, access, users }),
    heads: new HeadService({ ...models, memberships, access }),
    /** @throws when the database does not answer. */
    start: async (): Promise<void> => {
      await epochs.start();
      await registry.start();
      await Promise.all([users.start(), blocks.start()]);
      databaseWatch.start();
      verificationWatch.start();
    },
    /** Another process has stored a message. */
    noteStored: (place: Place): void => commitLog.hear(place.conversationId, place),
    /** Another process has erased a text. */
    noteErased: ({ conversationId, rev }: Erased): void => void parts.windows.remove(conversationId, rev),
    /** True while this process may write. */
    isWriting: (): boolean => registry.isFresh(),
    /** Finishes what was taken in, writes what is owed, and leaves. */
    stop: async (): Promise<void> => {
      await Promise.all([commitLog.close(), changeLog.close()]);
      await receipts.drain();
      await presence.stop();
      await derived.membershipWriter.drain();
      await summaries.drain();
      users.stop();
      blocks.stop();
      await Promise.all([databaseWatch.stop(), verificationWatch.stop()]);
      await epochs.stop();
      await registry.stop();
    },
  };
}

export type Services = ReturnType<typeof createServices>;
