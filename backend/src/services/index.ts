import type { UserId } from '../../../contract/index.js';
import type { Models } from '../models/index.js';
import { BatchLoader } from '../utils/batchLoader.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { StreamTickets } from './users/index.js';
import { AliasService } from './aliases/index.js';
import { ApiKeyDirectory, AuditLog, IdempotentCalls } from './backendAccess/index.js';
import { createAttachments, type AttachmentLimits } from './attachments/index.js';
import { createChangeServices, type ChangeWindows } from './changes/index.js';
import { MembershipEventLog, type CommitLogLimits } from './commitLog/index.js';
import {
  ConversationService,
  ListService,
  ListWalk,
  Overviews,
  Redirects,
  SettingsService,
  UnreadCounts,
} from './conversations/index.js';
import type { ServiceEvents } from './events.js';
import type { Foundations } from './foundations.js';
import {
  GroupNotifier,
  GroupService,
  MemberList,
  Newcomers,
  type ConsumeStrangerQuota,
} from './groups/index.js';
import { createLogs } from './logs.js';
import type { MediaInspector } from './mediaInspector.js';
import type { ObjectStore } from './objectStore.js';
import type { VirusScanner } from './virusScanner.js';
import {
  HistoryService,
  MessagePublisher,
  MessageService,
  OwnMessages,
  RecentWindows,
} from './messages/index.js';
import type { Erased, LogPosition, PresenceStore, Publisher, WindowCache } from './ports.js';
import { PresenceService, TypingService } from './presence/index.js';
import { createPush, type PushSettings } from './push/index.js';
import type { PushProvider } from './pushProvider.js';
import { ReceiptReads, ReceiptService, type ReceiptWindows } from './receipts/index.js';
import {
  DatabaseWatch,
  EpochWatch,
  VerificationWatch,
  type EpochMemory,
  type ProcessRegistry,
} from './runtime/index.js';
import { createSafety } from './safety/index.js';
import { SearchService } from './search/index.js';
import { SyncService } from './sync/index.js';
import { AttachmentViews, ConversationViews, MessageViews } from './views/index.js';
import { Visibility } from './visibility/index.js';
import { Moderation, type ModerationSettings } from './moderation/index.js';
import type { OutgoingRequests } from './outgoing.js';
import { createWebhooks, type WebhookTiming } from './webhooks/index.js';

export interface ServiceDeps {
  models: Models;
  foundations: Foundations;
  publisher: Publisher;
  events: ServiceEvents;
  metrics: Metrics;
  logger: Logger;
  /** Throttled logger, for log lines that clients can trigger. */
  log: ThrottledLog;
  /** Stores the database's epoch outside the database, to detect that it was restored from a backup. */
  epochMemory: EpochMemory;
  /** Applies the rate limit of strangers that a user adds to groups. */
  consumeStrangerQuota: ConsumeStrangerQuota;
  /** Presence over all processes. Undefined for a server with a single process. */
  presenceStore: PresenceStore | undefined;
  windows: WindowCache;
  /** Where the bytes of files are. */
  store: ObjectStore;
  media: MediaInspector;
  scanner: VirusScanner | undefined;
  attachmentLimits: AttachmentLimits;
  /** Where push notifications are sent to. None: there are no push notifications. */
  pushProviders: readonly PushProvider[];
  pushSettings: PushSettings;
  outgoing: OutgoingRequests;
  webhookTiming: WebhookTiming;
  /** The app's moderation, which is asked before a text is stored. */
  moderation: ModerationSettings | undefined;
  limits: CommitLogLimits & {
    sendTimeoutMs: number;
    presenceGraceMs: number;
    windowsOfChange: ChangeWindows;
    /** Interval between two verifications of the stored data, in ms. 0 switches verification off. */
    verifyIntervalMs: number;
    receiptWindows: ReceiptWindows;
  };
}

/** Builds all services of a process. `start` must resolve before the first command. */
export function createServices(deps: ServiceDeps) {
  const { models, foundations, publisher, events, metrics, logger, limits } = deps;
  const { users, viewerRules, access, summaries, membershipWriter } = foundations;
  const { sendTimeoutMs } = limits;
  const shared = {
    ...deps,
    ...models,
    ...foundations,
    privacyPolicy: viewerRules.privacyPolicy,
    sendTimeoutMs,
    attachmentViews: new AttachmentViews(deps.store),
    onUsersChanged: () => events.emit('usersChanged'),
    onUnmatched: (userIds: readonly UserId[]) => events.emit('unmatched', userIds),
  };
  const visibility = new Visibility({ ...models, ...viewerRules });
  const messageViews = new MessageViews({ ...shared, ...viewerRules });
  const views = new ConversationViews(shared);
  const moderation = new Moderation({ ...shared, ...models });
  const messagePublisher = new MessagePublisher({ ...models, summaries, views: messageViews, publisher });
  const attachments = createAttachments({ ...shared, visibility });
  const { registry, commitLog, changeLog } = createLogs({
    ...deps,
    markDeleting: attachments.markDeleting,
    messageViews,
    messagePublisher,
    visibility,
  });
  const apiKeys = new ApiKeyDirectory(shared);
  const epochs = new EpochWatch({
    ...models,
    logger,
    memory: deps.epochMemory,
    onRestored: () => events.emit('restored'),
    onLook: (look) => {
      registry.noteLook(look);
      users.noteLook(look);
      viewerRules.blocks.noteLook(look);
      apiKeys.noteLook(look);
      webhooks.dispatcher.noteLook(look);
    },
  });
  const safeNow = shareSafeNow(registry);
  const epoch = (): string => epochs.current;
  const overviews = new Overviews({ ...shared, safeNow, epoch });
  const unread = new UnreadCounts({ ...shared, overviews });
  const sync = new SyncService({
    ...shared,
    overviews,
    unread,
    views,
    hiddenSeqs: (userId, ids, since) => models.hides.findSince(userId, ids, since),
    safeNow,
    epoch,
  });
  const othersSince = async (): Promise<Date | undefined> =>
    registry.hasOthers() ? (await sync.cursorNow()).since : undefined;
  const walk = new ListWalk({ ...shared, overviews });
  const receipts: ReceiptService = new ReceiptService({
    ...shared,
    windows: limits.receiptWindows,
    onUnmarked: (marked) => settings.notify(marked),
    onRead: (reads) => events.emit('read', reads),
  });
  const settings = new SettingsService({ ...shared, receipts });
  const changeServices = createChangeServices({
    ...shared,
    moderation,
    ...viewerRules,
    visibility,
    changeLog,
    views: messageViews,
  });
  const databaseWatch = new DatabaseWatch({ facts: models.facts, metrics, logger });
  const verificationWatch = new VerificationWatch({ ...shared, intervalMs: limits.verifyIntervalMs });
  const presence = new PresenceService({
    ...shared,
    users: models.users,
    store: deps.presenceStore,
    graceMs: limits.presenceGraceMs,
  });
  const push = createPush({ ...shared, presence, registry, unread, visibility });
  const membershipEventLog = new MembershipEventLog({ membershipWriter, commitLog, sendTimeoutMs });
  const notifier = new GroupNotifier({ ...shared, views, restrictions: viewerRules.restrictions });
  const safety = createSafety(
    {
      ...shared,
      ...changeServices,
      membershipEventLog,
      views,
      messageViews,
      reportedFiles: attachments.reportedFiles,
    },
    viewerRules,
  );
  const redirects = new Redirects({ ...shared, views });
  const webhooks = createWebhooks({
    ...shared,
    messageViews,
    views,
    registry,
    safeNow,
  });
  const newcomers = new Newcomers(shared);
  const ownMessages = new OwnMessages({ ...shared, views: messageViews });
  return {
    users,
    apiKeys,
    audit: new AuditLog(shared),
    idempotentCalls: new IdempotentCalls(shared),
    tickets: new StreamTickets(shared),
    webhooks: webhooks.service,
    time: foundations.time,
    uploads: attachments.uploads,
    completion: attachments.completion,
    fileAccess: attachments.fileAccess,
    views,
    sync,
    databaseWatch,
    conversations: new ConversationService({ ...shared, views, safety, redirects }),
    lists: new ListService({
      ...shared,
      overviews,
      unread,
      views,
      walk,
      syncCursor: async () => {
        const { cursor, since } = await sync.cursorNow();
        return { cursor, since: registry.hasOthers() ? since : undefined };
      },
    }),
    unread,
    settings,
    messages: new MessageService({
      commitLog,
      ownMessages,
      views: messageViews,
      publisher: messagePublisher,
      sentFiles: attachments.sentFiles,
      access,
      moderation,
      messages: models.messages,
      sendTimeoutMs,
    }),
    history: new HistoryService({
      ...shared,
      views: messageViews,
      windows: new RecentWindows({ ...models, cache: deps.windows, metrics }),
      visibility,
      ownMessages,
    }),
    ...changeServices,
    receiptReads: new ReceiptReads({ ...shared, service: changeServices.changes }),
    search: new SearchService({
      ...shared,
      walk,
      visibility,
      views: messageViews,
      othersSince,
      index: models.search,
    }),
    receipts,
    presence,
    push,
    typing: new TypingService(access, publisher, viewerRules.privacyPolicy),
    access,
    aliases: new AliasService(shared),
    safety,
    viewerRules,
    memberships: foundations.memberships,
    redirects,
    groups: new GroupService({ ...shared, views, membershipEventLog, notifier, newcomers }),
    memberList: new MemberList({ ...shared, ...viewerRules }),
    heads: foundations.heads,
    /**
     * Registers this process, recovers unfinished work and starts background tasks.
     *
     * @throws when the database does not answer.
     */
    start: async (): Promise<void> => {
      await epochs.start();
      await registry.start();
      await Promise.all([users.start(), viewerRules.blocks.start(), apiKeys.start()]);
      databaseWatch.start();
      verificationWatch.start();
      attachments.start();
      push.start();
      webhooks.dispatcher.start();
    },
    /** Handles the notice that another process has stored a message. */
    noteStored: (position: LogPosition): void => commitLog.noteRemote(position.conversationId, position),
    /** Handles the notice that another process has erased the text of a message. */
    noteErased: ({ conversationId, rev }: Erased): void => void deps.windows.remove(conversationId, rev),
    /** True while this process holds its lease to write. */
    isWriting: (): boolean => registry.isFresh(),
    /** Finishes accepted work, writes pending state and deregisters this process. */
    stop: async (): Promise<void> => {
      await push.stop();
      await Promise.all([commitLog.close(), changeLog.close(), webhooks.dispatcher.stop()]);
      await receipts.drain();
      await presence.stop();
      await membershipWriter.drain();
      await summaries.drain();
      await Promise.all([databaseWatch.stop(), verificationWatch.stop(), attachments.stop()]);
      await epochs.stop();
      await registry.stop();
    },
  };
}

/** Cursors go back by this time, because the database's time is known within a round trip only. Costs repeats, never a loss. */
const OVERLAP_MS = 2_000;

/**
 * Returns a function to the database time before which every write is visible to a reader. Its query is shared among
 * concurrent commands, because thousands of clients may reconnect at once.
 */
function shareSafeNow(registry: ProcessRegistry): () => Promise<Date> {
  const ALL = 'all processes';
  const loader = new BatchLoader<typeof ALL, Date>(
    async () => [new Date((await registry.visibleThrough()).getTime() - OVERLAP_MS)],
    () => [ALL],
  );
  return async () => (await loader.load([ALL]))[0] ?? new Date(0);
}

export type Services = ReturnType<typeof createServices>;
