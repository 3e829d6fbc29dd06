import { PUSHES, type Priority, type PushData, type PushName, type UserId } from '../../../contract/index.js';
import type { Metrics } from '../utils/metrics.js';
import { isWatchersRoom, userOfRoom, watchedUser } from './rooms.js';
import type { BackPressure } from './backPressure.js';
import type { ChatServer, ChatSocket } from './types.js';
import { textFrame } from './webSocketFrame.js';

export interface Push<Name extends PushName> {
  event: Name;
  data: PushData<Name>;
}

/** A push as it goes over the wire, made once for all who hear it. */
export interface EncodedPush {
  readonly event: PushName;
  readonly priority: Priority;
  /** The Socket.IO packet. */
  readonly text: string;
}

export interface DeliveryOptions {
  exceptSocketId?: string | undefined;
  instead?: { of: ReadonlySet<UserId>; push: EncodedPush } | undefined;
}

/** Socket.IO's number of an event packet; the default namespace has no name on the wire. */
const EVENT_PACKET = '2';
/** Engine.IO's number of a message packet. */
const MESSAGE_PACKET = '4';

/** That a row's data fits its event is checked by the types; what goes out is text. */
export const encodePush = <Name extends PushName>({ event, data }: Push<Name>): EncodedPush =>
  asEncoded(event, EVENT_PACKET + JSON.stringify([event, { success: true, data }]));

/** A push that was encoded elsewhere, as another process sent it. */
export const asEncoded = (event: PushName, text: string): EncodedPush => ({
  event,
  priority: PUSHES[event].priority,
  text,
});

/**
 * Writes pushes to sockets of this process. Encoded once, frame included, for all receivers; each of them is looked at
 * first: who reads too slowly misses typing, then presence, then receipts, and beyond the bound is ended.
 */
export class LocalDelivery {
  constructor(
    readonly parts: { io: ChatServer; backPressure: BackPressure; metrics: Pick<Metrics, 'droppedPushes'> },
  ) {}

  /**
   * To every local socket that is in one of the rooms, once, except the one that gets an answer of its own.
   *
   * @param options.instead what these users get in its place.
   */
  deliver(
    rooms: readonly string[],
    push: EncodedPush,
    { exceptSocketId, instead }: DeliveryOptions = {},
  ): void {
    const found = [...this.#socketsIn(rooms, exceptSocketId)];
    if (instead === undefined) {
      this.#write(found, push);
      return;
    }
    const isBlind = (socket: ChatSocket): boolean => instead.of.has(socket.data.principal.userId);
    this.#write(
      found.filter((socket) => !isBlind(socket)),
      push,
    );
    this.#write(found.filter(isBlind), instead.push);
  }

  #write(receivers: readonly ChatSocket[], push: EncodedPush): void {
    if (receivers.length === 0) return;
    const frame = textFrame(MESSAGE_PACKET + push.text);
    for (const socket of receivers) {
      if (!this.parts.backPressure.mayWrite(socket, push.priority)) {
        this.parts.metrics.droppedPushes.inc({ event: push.event });
        continue;
      }
      // Options of its own per packet: engine.io writes into them.
      const options = { compress: true, wsPreEncodedFrame: frame };
      socket.conn.write(push.text, options);
    }
  }

  /** Users with a live connection to this process. */
  usersHere(): UserId[] {
    return [...this.parts.io.sockets.adapter.rooms.keys()].flatMap((room) => userOfRoom(room) ?? []);
  }

  /** Whose presence is watched by a socket of this process. */
  watchedUsers(): UserId[] {
    return [...this.parts.io.sockets.adapter.rooms.keys()].filter(isWatchersRoom).map(watchedUser);
  }

  /** To every live socket of this process. */
  deliverToAll(push: EncodedPush): void {
    for (const socket of this.parts.io.sockets.sockets.values()) {
      if (socket.data.live) this.deliver([socket.id], push);
    }
  }

  /** Found before the first is written to: ending one changes the rooms. */
  #socketsIn(rooms: readonly string[], exceptSocketId: string | undefined): Set<ChatSocket> {
    const { adapter, sockets } = this.parts.io.sockets;
    const found = new Set<ChatSocket>();
    for (const room of rooms) {
      for (const id of adapter.rooms.get(room) ?? []) {
        const socket = id === exceptSocketId ? undefined : sockets.get(id);
        if (socket?.connected === true) found.add(socket);
      }
    }
    return found;
  }
}
