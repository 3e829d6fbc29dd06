import type { Foundations } from '../../services/foundations.js';
import type { Bus } from '../../services/ports.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { BackPressure, Sessions } from '../connection/index.js';
import { encodePush } from '../encodedPush.js';
import { userRoom } from '../rooms.js';
import type { ChatServer } from '../types.js';
import { ClusterPublisher } from './clusterPublisher.js';
import { CoalescedHeads } from './coalescedHeads.js';
import { CurrentDelivery } from './currentDelivery.js';
import { LocalDelivery } from './localDelivery.js';
import { SocketPublisher } from './socketPublisher.js';
import { WatchedConversations } from './watchedConversations.js';

interface DeliveryDeps {
  io: ChatServer;
  backPressure: BackPressure;
  sessions: Sessions;
  foundations: Foundations;
  /** Carries pushes between the processes of this server, if there are several. */
  bus: Bus | undefined;
  metrics: Metrics;
  logger: Logger;
}

/**
 * Builds the way of a push: publisher → sockets of this process, and over the bus to those of the others. It stands on
 * the foundations alone, so that it exists before the services that publish through it.
 */
export function createDelivery({
  io,
  backPressure,
  sessions,
  foundations,
  bus,
  metrics,
  logger,
}: DeliveryDeps) {
  const { users, viewerRules, heads } = foundations;
  const { privacyPolicy, blocks, atCommit } = viewerRules;
  const watchedConversations = new WatchedConversations();
  const local = new LocalDelivery({
    io,
    backPressure,
    metrics,
    policy: (hearer, what) => privacyPolicy.checkPush(hearer, what),
    watchedConversations,
  });
  const delivery = new CurrentDelivery({
    delivery: local,
    logger,
    isCurrent: () => users.isFresh() && blocks.isFresh() && sessions.isSwept,
    makeCurrent: async () => {
      await atCommit.ensureFresh();
      sessions.sweep();
    },
  });
  const clusterPublisher =
    bus &&
    new ClusterPublisher({
      bus,
      adapter: io.of('/').adapter,
      metrics,
      deliver: (room, push, position) => delivery.deliver([room], push, { position }),
      deliverToAll: (push) => local.deliverToAll(push),
    });
  const coalescedHeads = new CoalescedHeads({
    watchedConversations,
    logger,
    connectedUsers: () => local.connectedUsers(),
    findMembers: (id, userIds) => heads.findMembers(id, userIds),
    notify(userIds, data, exceptSocketIds) {
      const push = encodePush({ event: 'conversation:updated', data });
      delivery.deliver(userIds.map(userRoom), push, { exceptSocketIds });
    },
    forward: (noted) => clusterPublisher?.announceHead(noted),
  });
  const publisher = new SocketPublisher({
    delivery,
    local,
    cluster: clusterPublisher,
    heads: coalescedHeads,
  });
  return { publisher, clusterPublisher, coalescedHeads, watchedConversations };
}

export type Delivery = ReturnType<typeof createDelivery>;
