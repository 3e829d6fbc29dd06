import { WebhookDispatcher, type DispatcherDeps } from './dispatcher.js';
import { WebhookEvents } from './events.js';
import { LogFollower } from './follower.js';
import type { WebhookTiming } from './runner.js';
import { WebhookSender } from './sender.js';
import { WebhookService } from './webhookService.js';
import type { OutgoingRequests } from '../outgoing.js';

export { WebhookService } from './webhookService.js';
export type { WebhookTiming } from './runner.js';

type WebhookDeps = Omit<DispatcherDeps, 'newFollower' | 'sender' | 'events' | 'timing'> &
  ConstructorParameters<typeof LogFollower>[0] &
  ConstructorParameters<typeof WebhookEvents>[0] & {
    outgoing: OutgoingRequests;
    webhookTiming: WebhookTiming;
  };

/** Creates the registration of webhooks and what delivers to them. */
export function createWebhooks(deps: WebhookDeps) {
  return {
    service: new WebhookService(deps),
    dispatcher: new WebhookDispatcher({
      ...deps,
      timing: deps.webhookTiming,
      events: new WebhookEvents(deps),
      sender: new WebhookSender(deps.outgoing),
      newFollower: () => new LogFollower(deps),
    }),
  };
}
