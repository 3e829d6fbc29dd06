import { WebhookDispatcher, type DispatcherDeps } from './dispatcher.js';
import { WebhookEvents } from './events.js';
import { LogFollower } from './follower.js';
import type { WebhookTiming } from './retries.js';
import { WebhookSender } from './sender.js';
import { WebhookService } from './webhookService.js';
import type { OutgoingRequests } from '../outgoing.js';
import type { ProcessRegistry } from '../runtime/index.js';

export { WebhookService } from './webhookService.js';
export type { WebhookTiming } from './retries.js';

type WebhookDeps = Omit<
  DispatcherDeps,
  'newFollower' | 'newQuietLogs' | 'processId' | 'sender' | 'events' | 'timing'
> &
  Omit<ConstructorParameters<typeof LogFollower>[0], 'settledThrough'> &
  ConstructorParameters<typeof WebhookEvents>[0] & {
    outgoing: OutgoingRequests;
    webhookTiming: WebhookTiming;
    registry: Pick<ProcessRegistry, 'id' | 'settledThrough' | 'newQuietLogs'>;
  };

/** Creates the registration of webhooks and what delivers to them. */
export function createWebhooks(deps: WebhookDeps) {
  const { registry } = deps;
  const settledThrough = (): Promise<string> => registry.settledThrough();
  return {
    service: new WebhookService(deps),
    dispatcher: new WebhookDispatcher({
      ...deps,
      timing: deps.webhookTiming,
      events: new WebhookEvents(deps),
      sender: new WebhookSender(deps.outgoing),
      processId: registry.id,
      newFollower: () => new LogFollower({ ...deps, settledThrough }),
      newQuietLogs: () => registry.newQuietLogs(),
    }),
  };
}
