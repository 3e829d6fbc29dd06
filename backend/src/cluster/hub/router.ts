import type { UserId } from '../../../../contract/index.js';
import { weigh, type ToPeer, type ToRouter } from './frames.js';
import { Outbox, type SendFrames } from './outbox.js';

interface Peer {
  outbox: Outbox<ToPeer>;
  rooms: Set<string>;
  users: Set<UserId>;
}

export interface RouterParts {
  /** Hints that a peer will not get, as it does not drain its channel. */
  onDropped: (count: number) => void;
  /** How much may wait for one peer, in bytes. */
  maxBytes?: number;
}

/**
 * The middle of the hub, in the primary: which peer listens to which room and has which users. It keeps nothing for
 * anybody: what a peer cannot take is dropped, and the peer is told that there is a gap.
 */
export class HubRouter {
  readonly #peers = new Map<number, Peer>();
  readonly #rooms = new Map<string, Set<number>>();
  readonly #users = new Map<UserId, Set<number>>();

  constructor(readonly parts: RouterParts) {}

  add(id: number, send: SendFrames<ToPeer>): void {
    const outbox = new Outbox<ToPeer>({
      send,
      weigh,
      onRelief: (refused) => {
        this.parts.onDropped(refused);
        outbox.insist({ t: 'gap' });
      },
      ...(this.parts.maxBytes !== undefined && { maxBytes: this.parts.maxBytes }),
    });
    this.#peers.set(id, { outbox, rooms: new Set(), users: new Set() });
  }

  /** A peer is gone: so is what it listened to, and who was on it. */
  remove(id: number): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.outbox.close();
    this.#forget(id, peer);
    this.#peers.delete(id);
    this.#tellOthers(id, { t: 'doubt' });
  }

  receive(id: number, frames: readonly ToRouter[]): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    for (const frame of frames) this.#take({ id, peer }, frame);
  }

  #take({ id, peer }: { id: number; peer: Peer }, frame: ToRouter): void {
    switch (frame.t) {
      case 'listen':
        link(this.#rooms, frame.room, id);
        peer.rooms.add(frame.room);
        break;
      case 'unlisten':
        unlink(this.#rooms, frame.room, id);
        peer.rooms.delete(frame.room);
        break;
      case 'publish':
        this.#forward(id, frame);
        break;
      case 'enter':
        link(this.#users, frame.user, id);
        peer.users.add(frame.user);
        peer.outbox.insist({ t: 'alone', ask: frame.ask, alone: this.#isAlone(id, frame.user) });
        break;
      case 'leave':
        unlink(this.#users, frame.user, id);
        peer.users.delete(frame.user);
        peer.outbox.insist({ t: 'alone', ask: frame.ask, alone: this.#isAlone(id, frame.user) });
        break;
      case 'find': {
        const users = frame.users.filter((user) => this.#users.has(user));
        peer.outbox.insist({ t: 'online', ask: frame.ask, users });
        break;
      }
      case 'state':
        this.#replace(id, peer, frame);
        break;
      case 'lost':
        this.#tellOthers(id, { t: 'gap' });
        break;
    }
  }

  #forward(from: number, { room, message }: { room: string; message: string }): void {
    for (const id of this.#rooms.get(room) ?? []) {
      if (id !== from) this.#peers.get(id)?.outbox.offer({ t: 'message', room, message });
    }
  }

  #isAlone(id: number, user: UserId): boolean {
    const holders = this.#users.get(user);
    return holders === undefined || (holders.size === 1 && holders.has(id));
  }

  #replace(id: number, peer: Peer, state: { rooms: readonly string[]; users: readonly UserId[] }): void {
    this.#forget(id, peer);
    peer.rooms = new Set(state.rooms);
    peer.users = new Set(state.users);
    for (const room of peer.rooms) link(this.#rooms, room, id);
    for (const user of peer.users) link(this.#users, user, id);
    this.#tellOthers(id, { t: 'doubt' });
  }

  #forget(id: number, peer: Peer): void {
    for (const room of peer.rooms) unlink(this.#rooms, room, id);
    for (const user of peer.users) unlink(this.#users, user, id);
  }

  /** Never refused: what is said here is said once per death or gap of another peer. */
  #tellOthers(id: number, frame: ToPeer): void {
    for (const [other, { outbox }] of this.#peers) if (other !== id) outbox.insist(frame);
  }
}

function link<Key>(index: Map<Key, Set<number>>, key: Key, id: number): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function unlink<Key>(index: Map<Key, Set<number>>, key: Key, id: number): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}
