import type { Config } from './config.js';
import type { ServiceEvents } from './services/events.js';
import type { Services } from './services/index.js';
import type { Foundations } from './services/foundations.js';
import type { Sessions } from './socket/connection/index.js';
import { PresenceWatches, type Delivery } from './socket/delivery/index.js';
import type { ChatServer } from './socket/types.js';
import type { Logger } from './utils/logger.js';
import type { Metrics } from './utils/metrics.js';

interface SubscriptionDeps {
  config: Pick<Config, 'PUSH_TO'>;
  events: ServiceEvents;
  foundations: Foundations;
  services: Services;
  sessions: Sessions;
  delivery: Delivery;
  io: ChatServer;
  metrics: Metrics;
  logger: Logger;
}

/** Subscribes higher layers to the events of lower ones: services, connections and other processes. */
export function subscribe(deps: SubscriptionDeps): void {
  const watches = new PresenceWatches({
    io: deps.io,
    logger: deps.logger,
    findAllowed: (caller, userIds) => deps.services.presence.watchable(caller, userIds),
    read: (userIds, exceptSocketId) => deps.services.presence.read(userIds, exceptSocketId),
  });
  subscribeToServices(deps, watches);
  subscribeToConnections(deps);
  subscribeToCluster(deps, watches);
}

function subscribeToServices(
  { events, foundations, services, sessions, delivery, metrics }: SubscriptionDeps,
  watches: PresenceWatches,
): void {
  const { clusterPublisher } = delivery;
  events.on('usersChanged', () => clusterPublisher?.announceUsers());
  events.on('erased', (erased) => clusterPublisher?.announceErased(erased));
  events.on('visibilityChanged', (userIds) => watches.recheck(userIds));
  events.on('unmatched', (userIds) => {
    watches.recheck(userIds);
    clusterPublisher?.announceUnmatched(userIds);
  });
  events.on('read', (reads) => services.push.noteRead(reads));
  events.on('tokensRevoked', ({ userId, validFromMs, changedAt }) => {
    services.push.noteRevoked(userId, validFromMs);
    if (sessions.revoke(userId, validFromMs) === 0) return;
    // Both are database times: `changedAt` is exact, and now is this process's estimate.
    const tookMs = foundations.time.nowMs() - changedAt.getTime();
    metrics.revocationSeconds.observe(Math.max(0, tookMs) / 1_000);
  });
}

function subscribeToConnections({
  config,
  sessions,
  services: { presence },
  delivery,
}: SubscriptionDeps): void {
  const countsBackground = config.PUSH_TO === 'disconnected';
  sessions.on('live', ({ id, data }) => {
    if (countsBackground || data.isBackground !== true) presence.connected(data.principal.userId, id);
  });
  sessions.on('foreground', ({ id, data }) => {
    if (countsBackground) return;
    if (data.isBackground === true) presence.disconnected(data.principal.userId, id);
    else presence.connected(data.principal.userId, id);
  });
  sessions.on('silent', (socket) => {
    delivery.watchedConversations.leaveAll(socket);
    presence.disconnected(socket.data.principal.userId, socket.id);
  });
}

function subscribeToCluster(
  { foundations, services, delivery }: SubscriptionDeps,
  watches: PresenceWatches,
): void {
  const { clusterPublisher, coalescedHeads } = delivery;
  if (clusterPublisher === undefined) return;
  const { users, viewerRules } = foundations;
  clusterPublisher.on('stored', (position) => services.noteStored(position));
  clusterPublisher.on('headNoted', (noted) => coalescedHeads.onStoredElsewhere(noted));
  clusterPublisher.on('erased', (erased) => services.noteErased(erased));
  clusterPublisher.on('presence', (presence) => services.presence.noteStatus(presence));
  clusterPublisher.on('unmatched', (userIds) => watches.recheck(userIds));
  clusterPublisher.on('usersChanged', () => {
    // While the database is unreachable, the next poll repeats the refresh.
    void Promise.all([users.refresh(), viewerRules.blocks.refresh()]).catch(() => undefined);
  });
}
