import { PUSHES, type Priority, type PushData, type PushName, type UserId } from '../../../contract/index.js';
import type { Place, PushOptions } from '../services/ports.js';
import type { Metrics } from '../utils/metrics.js';
import { groupBy } from '../utils/groupBy.js';
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
  /** There when not everybody in its rooms is to hear it. */
  readonly guard?: Guard | undefined;
}

/** Whose doing a push is about, and what somebody gets who is not to see it. */
export interface Guard {
  readonly from: UserId;
  readonly isSecret: boolean;
  /** A packet, where there is something to say. */
  readonly veiled: string | undefined;
}

/** Decides what a connected user hears of another one's doing. */
export type Judge = (
  hearer: UserId,
  what: { event: PushName; from: UserId; isSecret: boolean },
) => 'all' | 'veiled' | 'nothing';

export interface DeliveryOptions {
  exceptSocketId?: string | undefined;
}

/** Socket.IO's number of an event packet; the default namespace has no name on the wire. */
export const EVENT_PACKET = '2';
/** Engine.IO's number of a message packet. */
const MESSAGE_PACKET = '4';

/** That a row's data fits its event is checked by the types; what goes out is text. */
export const encodePush = <Name extends PushName>({ event, data }: Push<Name>): EncodedPush =>
  asEncoded(event, toPacket({ event, data }));

/**
 * Says something to one connection apart from all rooms.
 *
 * @returns whether it is an old client that was told under its own names: then nothing is left to do.
 */
export function isToldAsOld<Name extends PushName>({ data: { old } }: ChatSocket, push: Push<Name>): boolean {
  old?.hear(encodePush(push));
  return old !== undefined;
}

const toPacket = <Name extends PushName>({ event, data }: Push<Name>): string =>
  EVENT_PACKET + JSON.stringify([event, { success: true, data }]);

/** What stands in a message's place for those who are not to see it. */
export const hiddenPacket = ({ conversationId, seq }: Pick<Place, 'conversationId' | 'seq'>): string =>
  toPacket({ event: 'message:new', data: { kind: 'hidden', conversationId, seq } });

/** The same, where not everybody is to hear it. */
export const encodeGuarded = <Name extends PushName>(
  push: Push<Name>,
  { from, veiled, place, isSecret = false }: PushOptions<Name>,
): EncodedPush => {
  const encoded = encodePush(push);
  if (from === undefined) return encoded;
  const isMessage = push.event === 'message:new' && place !== undefined;
  const instead = isMessage ? hiddenPacket(place) : veiled && toPacket({ event: push.event, data: veiled });
  return { ...encoded, guard: { from, isSecret, veiled: instead } };
};

/** A push that was encoded elsewhere, as another process sent it. */
export const asEncoded = (event: PushName, text: string, guard?: Guard): EncodedPush => ({
  event,
  priority: PUSHES[event].priority,
  text,
  guard,
});

/**
 * Writes pushes to sockets of this process. Encoded once, frame included, for all receivers; each of them is looked at
 * first: who reads too slowly misses typing, then presence, then receipts, and beyond the bound is ended.
 */
export class LocalDelivery {
  constructor(
    readonly parts: {
      io: ChatServer;
      backPressure: BackPressure;
      metrics: Pick<Metrics, 'droppedPushes'>;
      judge: Judge;
    },
  ) {}

  /** To every local socket that is in one of the rooms, once, except the one that gets an answer of its own. */
  deliver(rooms: readonly string[], push: EncodedPush, { exceptSocketId }: DeliveryOptions = {}): void {
    const found = [...this.#socketsIn(rooms, exceptSocketId)];
    const { guard, event } = push;
    if (guard === undefined) {
      this.#write(found, push);
      return;
    }
    const heard = groupBy(found, (socket) =>
      this.parts.judge(socket.data.principal.userId, { event, from: guard.from, isSecret: guard.isSecret }),
    );
    this.#write(heard.get('all') ?? [], push);
    if (guard.veiled !== undefined) this.#write(heard.get('veiled') ?? [], asEncoded(event, guard.veiled));
  }

  #write(receivers: readonly ChatSocket[], push: EncodedPush): void {
    let frame: ReturnType<typeof textFrame> | undefined;
    for (const socket of receivers) {
      if (socket.data.old !== undefined) {
        socket.data.old.hear(push);
        continue;
      }
      if (!this.parts.backPressure.mayWrite(socket, push.priority)) {
        this.parts.metrics.droppedPushes.inc({ event: push.event });
        continue;
      }
      frame ??= textFrame(MESSAGE_PACKET + push.text);
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
