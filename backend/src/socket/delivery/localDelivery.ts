import { type PushName, type UserId } from '../../../../contract/index.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Metrics } from '../../utils/metrics.js';
import type { BackPressure } from '../connection/index.js';
import type { EncodedPush, Guard } from '../encodedPush.js';
import { asEncoded } from '../encodedPush.js';
import { isWatchersRoom, userOfRoom, watchedUser } from '../rooms.js';
import type { ChatServer, ChatSocket } from '../types.js';
import type { LogPosition } from '../../services/ports.js';
import type { WatchedConversations } from './watchedConversations.js';
import { textFrame } from './webSocketFrame.js';

/** Decides whether a receiver gets a push in full, redacted, or not at all. */
export type DeliveryPolicy = (
  receiver: UserId,
  push: { event: PushName } & Pick<Guard, 'from' | 'about' | 'isSecret' | 'isMixed'>,
) => 'all' | 'redacted' | 'nothing';

export interface DeliveryOptions {
  /** The socket whose command is answered directly. */
  exceptSocketId?: string | undefined;
  exceptSocketIds?: ReadonlySet<string>;
  /** Log position of a new message. */
  position?: LogPosition | undefined;
}

/** Engine.IO packet type of a message. */
const MESSAGE_PACKET = '4';

/**
 * Writes pushes to the sockets of this process. A push is encoded once for all receivers, including the WebSocket
 * frame. Back-pressure is checked for each receiver: a slow reader first misses typing, then presence, then receipts,
 * and is closed above the limit.
 */
export class LocalDelivery {
  constructor(
    readonly deps: {
      io: ChatServer;
      backPressure: BackPressure;
      metrics: Pick<Metrics, 'droppedPushes'>;
      policy: DeliveryPolicy;
      watchedConversations: Pick<WatchedConversations, 'hasJoinedAfter'>;
    },
  ) {}

  /** Delivers a push once to every local socket in one of the rooms, with exceptions. */
  deliver(rooms: readonly string[], push: EncodedPush, options: DeliveryOptions = {}): void {
    const found = [...this.#socketsIn(rooms, options)];
    const { guard, event } = push;
    if (guard === undefined) {
      this.#write(found, push);
      return;
    }
    const byDecision = groupBy(found, (socket) =>
      this.deps.policy(socket.data.principal.userId, { event, ...guard }),
    );
    this.#write(byDecision.get('all') ?? [], push);
    const { redacted } = guard;
    if (redacted === undefined) return;
    this.#write(byDecision.get('redacted') ?? [], asEncoded(redacted.event, redacted.text));
  }

  #write(receivers: readonly ChatSocket[], push: EncodedPush): void {
    let frame: ReturnType<typeof textFrame> | undefined;
    for (const socket of receivers) {
      if (socket.data.legacy !== undefined) {
        socket.data.legacy.send(push);
        continue;
      }
      if (!this.deps.backPressure.mayWrite(socket, push.priority)) {
        this.deps.metrics.droppedPushes.inc({ event: push.event });
        continue;
      }
      frame ??= textFrame(MESSAGE_PACKET + push.text);
      // Each packet needs its own options object, because engine.io modifies it.
      const options = { compress: true, wsPreEncodedFrame: frame };
      socket.conn.write(push.text, options);
    }
  }

  /** Users with a live connection to this process. */
  connectedUsers(): UserId[] {
    return [...this.deps.io.sockets.adapter.rooms.keys()].flatMap((room) => userOfRoom(room) ?? []);
  }

  /** Users whose presence is watched by a socket of this process. */
  watchedUsers(): UserId[] {
    return [...this.deps.io.sockets.adapter.rooms.keys()].filter(isWatchersRoom).map(watchedUser);
  }

  /** Delivers a push to every live socket of this process. */
  deliverToAll(push: EncodedPush): void {
    for (const socket of this.deps.io.sockets.sockets.values()) {
      if (socket.data.live) this.deliver([socket.id], push);
    }
  }

  /** Collects all sockets before the first write, because closing a socket changes the rooms. */
  #socketsIn(
    rooms: readonly string[],
    { exceptSocketId, exceptSocketIds, position }: DeliveryOptions,
  ): Set<ChatSocket> {
    const { adapter, sockets } = this.deps.io.sockets;
    const found = new Set<ChatSocket>();
    for (const room of rooms) {
      for (const id of adapter.rooms.get(room) ?? []) {
        if (id === exceptSocketId || exceptSocketIds?.has(id) === true) continue;
        const socket = sockets.get(id);
        if (socket?.connected !== true) continue;
        const isLate =
          position !== undefined && this.deps.watchedConversations.hasJoinedAfter(socket, position);
        if (!isLate) found.add(socket);
      }
    }
    return found;
  }
}
