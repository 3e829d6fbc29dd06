import type { UserId } from '../../../../contract/index.js';
import { estimateBytes, type ToWorker, type ToBroker } from './frames.js';
import { Outbox, type SendFrames } from './outbox.js';

interface Peer {
  outbox: Outbox<ToWorker>;
  rooms: Set<string>;
  users: Set<UserId>;
}

export interface RouterDeps {
  /** Called with the number of frames dropped because a worker does not drain its channel. */
  onDropped: (count: number) => void;
  /** Maximum bytes that wait for one worker. */
  maxBytes?: number;
}

/**
 * Router of the broker, in the primary: knows the rooms and users of each worker. Stores no messages: frames that a
 * worker cannot take are dropped, and the worker is notified of the gap.
 */
export class BrokerRouter {
  readonly #peers = new Map<number, Peer>();
  readonly #rooms = new Map<string, Set<number>>();
  readonly #users = new Map<UserId, Set<number>>();

  constructor(readonly deps: RouterDeps) {}

  add(id: number, send: SendFrames<ToWorker>): void {
    const outbox = new Outbox<ToWorker>({
      send,
      estimateBytes,
      onDrained: (refused) => {
        this.deps.onDropped(refused);
        outbox.enqueue({ t: 'gap' });
      },
      ...(this.deps.maxBytes !== undefined && { maxBytes: this.deps.maxBytes }),
    });
    this.#peers.set(id, { outbox, rooms: new Set(), users: new Set() });
  }

  /** Removes a worker that is gone, with its rooms and users. */
  remove(id: number): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.outbox.close();
    this.#unlinkAll(id, peer);
    this.#peers.delete(id);
    this.#notifyOthers(id, { t: 'doubt' });
  }

  receive(id: number, frames: readonly ToBroker[]): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    for (const frame of frames) this.#handle({ id, peer }, frame);
  }

  #handle({ id, peer }: { id: number; peer: Peer }, frame: ToBroker): void {
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
        peer.outbox.enqueue({ t: 'alone', ask: frame.ask, alone: this.#isAlone(id, frame.user) });
        break;
      case 'leave':
        unlink(this.#users, frame.user, id);
        peer.users.delete(frame.user);
        peer.outbox.enqueue({ t: 'alone', ask: frame.ask, alone: this.#isAlone(id, frame.user) });
        break;
      case 'find': {
        const users = frame.users.filter((user) => this.#users.has(user));
        peer.outbox.enqueue({ t: 'online', ask: frame.ask, users });
        break;
      }
      case 'state':
        this.#replace(id, peer, frame);
        break;
      case 'lost':
        this.#notifyOthers(id, { t: 'gap' });
        break;
    }
  }

  #forward(from: number, { room, message }: { room: string; message: string }): void {
    for (const id of this.#rooms.get(room) ?? []) {
      if (id !== from) this.#peers.get(id)?.outbox.tryEnqueue({ t: 'message', room, message });
    }
  }

  #isAlone(id: number, user: UserId): boolean {
    const holders = this.#users.get(user);
    return holders === undefined || (holders.size === 1 && holders.has(id));
  }

  #replace(id: number, peer: Peer, state: { rooms: readonly string[]; users: readonly UserId[] }): void {
    this.#unlinkAll(id, peer);
    peer.rooms = new Set(state.rooms);
    peer.users = new Set(state.users);
    for (const room of peer.rooms) link(this.#rooms, room, id);
    for (const user of peer.users) link(this.#users, user, id);
    this.#notifyOthers(id, { t: 'doubt' });
  }

  #unlinkAll(id: number, peer: Peer): void {
    for (const room of peer.rooms) unlink(this.#rooms, room, id);
    for (const user of peer.users) unlink(this.#users, user, id);
  }

  /** Uses `enqueue`, so it is never refused: it is called only once per death or gap of another worker. */
  #notifyOthers(id: number, frame: ToWorker): void {
    for (const [other, { outbox }] of this.#peers) if (other !== id) outbox.enqueue(frame);
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
