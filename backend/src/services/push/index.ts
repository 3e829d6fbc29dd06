import type { UserId } from '../../../../contract/index.js';
import type { Models } from '../../models/index.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { UnreadCounts } from '../conversations/index.js';
import type { MembershipStore } from '../membership/index.js';
import type { PresenceService } from '../presence/index.js';
import type { PushProvider } from '../pushProvider.js';
import type { DatabaseTime, ProcessRegistry } from '../runtime/index.js';
import type { UserDirectory } from '../users/index.js';
import type { ViewerRules, Visibility } from '../visibility/index.js';
import { Audience } from './audience.js';
import { Clearing, type Read } from './clearing.js';
import { DeviceService } from './devices.js';
import { Dispatcher } from './dispatcher.js';
import { Pusher } from './pusher.js';
import { PushRunner } from './runner.js';
import type { PushSettings } from './settings.js';

export type { PushSettings } from './settings.js';

export interface PushDeps {
  models: Models;
  memberships: MembershipStore;
  presence: PresenceService;
  registry: ProcessRegistry;
  time: DatabaseTime;
  unread: UnreadCounts;
  users: UserDirectory;
  viewerRules: ViewerRules;
  visibility: Visibility;
  pushProviders: readonly PushProvider[];
  pushSettings: PushSettings;
  metrics: Metrics;
  logger: Logger;
  log: ThrottledLog;
}

/** Builds push notifications. Without a provider nothing is looked at and nothing sent. */
export function createPush(deps: PushDeps) {
  const { models, pushProviders: providers, pushSettings: settings } = deps;
  const shared = { ...deps, ...models, users: deps.users, providers, settings };
  const deviceService = new DeviceService({ ...shared, userModel: models.users });
  const dispatcher = new Dispatcher(shared);
  const clearing = new Clearing({ ...shared, deviceService, dispatcher });
  const audience = new Audience({ ...shared, deviceService });
  const pusher = new Pusher({
    ...shared,
    audience,
    clearing,
    dispatcher,
    isHolder: () => runner.isHolder(),
  });
  const runner: PushRunner = new PushRunner({
    ...shared,
    pusher,
    dispatcher,
    quietLogs: deps.registry.newQuietLogs(),
  });
  const isOn = settings.isSending && providers.length > 0;
  return {
    devices: deviceService,
    start: (): void => {
      if (isOn) runner.start();
    },
    /** Handles the notice that users have read conversations. */
    noteRead: (reads: readonly Read[]): void => {
      if (isOn) clearing.note(reads);
    },
    /** Handles the notice that tokens of a user were revoked. */
    noteRevoked: (userId: UserId, validFromMs: number): void =>
      deviceService.forgetRevoked(userId, validFromMs),
    stop: async (): Promise<void> => {
      await runner.stop();
      await clearing.drain();
      await dispatcher.close();
    },
  };
}
