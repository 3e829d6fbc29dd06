import type { Services } from './services/index.js';
import type { Peers } from './services/ports.js';
import type { LocalDelivery } from './socket/delivery.js';
import { PeerPushes } from './socket/peerPushes.js';
import type { OpenConversations } from './socket/openConversations.js';
import { SocketPublisher } from './socket/publisher.js';
import { RestNotices } from './socket/restNotices.js';
import type { PresenceWatches } from './socket/presenceWatches.js';
import type { Sessions } from './socket/sessions.js';
import type { ChatServer } from './socket/types.js';
import type { Logger } from './utils/logger.js';
import type { Metrics } from './utils/metrics.js';

interface LiveParts {
  io: ChatServer;
  delivery: LocalDelivery;
  peers: Peers | undefined;
  openConversations: OpenConversations;
  metrics: Metrics;
  logger: Logger;
  /** Services push, and what is pushed asks services who may hear: these come into being after this. */
  joined: () => { services: Services; sessions: Sessions; watches: PresenceWatches };
}

/** What services push goes to the sockets of this process and, over the bus, to those of the others. */
export interface Live {
  publisher: SocketPublisher;
  peerPushes: PeerPushes | undefined;
}

export function createLive(parts: LiveParts): Live {
  const { io, delivery, peers, openConversations, metrics, logger, joined } = parts;
  const peerPushes: PeerPushes | undefined =
    peers &&
    new PeerPushes({
      ...{ bus: peers.bus, adapter: io.of('/').adapter, metrics },
      deliver: (room, push) => publisher.deliver([room], push),
      deliverToAll: (push) => delivery.deliverToAll(push),
      onStored: (place) => joined().services.noteStored(place),
      onRest: (noted) => notices.hear(noted),
      onErased: (erased) => joined().services.noteErased(erased),
      onPresence: (presence) => joined().services.presence.noteTold(presence),
      // Should the database be away: this process asks by itself, twice a second.
      onUsersChanged: () => {
        const { users, sight } = joined().services;
        void Promise.all([users.refresh(), sight.blocks.refresh()]).catch(() => undefined);
      },
      onApart: (userIds) => joined().watches.recheck(userIds),
    });
  const notices: RestNotices = new RestNotices({
    ...{ openConversations, logger },
    usersHere: () => delivery.usersHere(),
    findMembers: (id, userIds) => joined().services.heads.findMembers(id, userIds),
    tell: (userIds, head) =>
      publisher.toUsers(userIds, { event: 'conversation:updated', data: { head } }, { onlyHere: true }),
    forward: (noted) => peerPushes?.announceRest(noted),
  });
  const publisher: SocketPublisher = new SocketPublisher({
    ...{ delivery, logger, peers: peerPushes, notices: () => notices },
    isCurrent: () => {
      const { services, sessions } = joined();
      return services.users.isFresh() && services.sight.blocks.isFresh() && sessions.isSwept;
    },
    makeCurrent: async () => {
      const { services, sessions } = joined();
      await services.sight.atCommit.ensureFresh();
      sessions.sweep();
    },
  });
  return { publisher, peerPushes };
}
