import type { Services } from './services/index.js';
import type { Peers } from './services/ports.js';
import type { LocalDelivery } from './socket/delivery.js';
import { PeerPushes } from './socket/peerPushes.js';
import { SocketPublisher } from './socket/publisher.js';
import type { Sessions } from './socket/sessions.js';
import type { ChatServer } from './socket/types.js';
import type { Logger } from './utils/logger.js';
import type { Metrics } from './utils/metrics.js';

interface LiveParts {
  io: ChatServer;
  delivery: LocalDelivery;
  peers: Peers | undefined;
  metrics: Metrics;
  logger: Logger;
  /** Services push, and what is pushed asks services who may hear: these come into being after this. */
  joined: () => { services: Services; sessions: Sessions };
}

/** What services push goes to the sockets of this process and, over the bus, to those of the others. */
export interface Live {
  publisher: SocketPublisher;
  peerPushes: PeerPushes | undefined;
}

export function createLive({ io, delivery, peers, metrics, logger, joined }: LiveParts): Live {
  const peerPushes: PeerPushes | undefined =
    peers &&
    new PeerPushes({
      ...{ bus: peers.bus, adapter: io.of('/').adapter, metrics },
      deliver: (room, push) => publisher.deliver([room], push),
      deliverToAll: (push) => delivery.deliverToAll(push),
      onStored: (place) => joined().services.noteStored(place),
      onPresence: (presence) => joined().services.presence.noteTold(presence),
      // Should the database be away: this process asks by itself, twice a second.
      onUsersChanged: () =>
        void joined()
          .services.users.refresh()
          .catch(() => undefined),
    });
  const publisher: SocketPublisher = new SocketPublisher({
    ...{ delivery, logger, peers: peerPushes },
    isCurrent: () => joined().services.users.isFresh() && joined().sessions.isSwept,
    makeCurrent: async () => {
      const { services, sessions } = joined();
      if (!services.users.isFresh()) await services.users.refresh();
      sessions.sweep();
    },
  });
  return { publisher, peerPushes };
}
