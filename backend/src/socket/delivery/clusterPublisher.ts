import { EventEmitter } from 'node:events';
import { z } from 'zod';
import {
  conversationId as conversationIdSchema,
  userId as userIdSchema,
  PUSHES,
  PUSH_NAMES,
  type PresenceView,
  type UserId,
} from '../../../../contract/index.js';
import type { Bus, Erased, LogPosition } from '../../services/ports.js';
import type { Metrics } from '../../utils/metrics.js';
import { asEncoded, encodePush, type EncodedPush } from '../encodedPush.js';
import { formatGuard, parseGuard } from './pushGuard.js';
import { HeadRebroadcast } from './headRebroadcast.js';
import type { HeadNotice } from './coalescedHeads.js';
import { CONTROL_CHANNEL, isSharedRoom } from '../rooms.js';

interface ClusterPublisherDeps {
  bus: Bus;
  /** Emits `create-room` and `delete-room` for the rooms of this process. */
  adapter: EventEmitter;
  metrics: Pick<Metrics, 'missedPushes' | 'busGaps'>;
  /** Delivers what came from another process to the sockets of this one. */
  deliver: (room: string, push: EncodedPush, position?: LogPosition) => void;
  deliverToAll: (push: EncodedPush) => void;
}

interface ClusterEventMap {
  /** Another process has sent this presence to the watchers here. */
  presence: [presence: PresenceView];
  /** Another process has stored this message: the log of its conversation goes at least as far. */
  stored: [position: LogPosition];
  /** Another process has stored something in a large group or channel. */
  headNoted: [noted: HeadNotice];
  /** Another process has erased a text: copies from before must be dropped. */
  erased: [erased: Erased];
  /** Another process has unmatched two users. */
  unmatched: [userIds: readonly UserId[]];
  /** Another process has changed users, perhaps by a revocation: what is known of them is old. */
  usersChanged: [];
}

/** Period over which clients are asked to spread their `sync`, in ms. */
const SYNC_WITHIN_MS = 3_000;

/** Header of a bus message. It can be read without parsing the packet, so unwanted messages are cheap to skip. */
interface Envelope {
  event: string;
  /**
   * `-`, or the head (log position) that the push belongs to. After a `|` follows the guard, which the receiving
   * process needs to decide which of its users may receive the push.
   */
  head: string;
}

/** Control messages. The values are the wire format between processes: changing one breaks rolling updates. */
const USERS_CHANGED = 'users-changed';
const HEAD_REBROADCAST = 'repeated-head';
const BUS_RECONNECTED = 'was-away';
const HEAD_NOTICE = 'rest';
const TEXT_ERASED = 'erased';
const USERS_UNMATCHED = 'apart';
/** When the bus is back, every process says so at about the same time: clients are told once, in ms. */
const ADVISE_AFTER_MS = 300;

/**
 * Forwards pushes between processes. It listens on the bus to every room that has sockets on this process, and
 * publishes local pushes to the same rooms elsewhere. Lost messages are detected by head rebroadcasts; after an outage,
 * clients are advised to sync.
 */
export class ClusterPublisher extends EventEmitter<ClusterEventMap> {
  readonly #deps: ClusterPublisherDeps;
  readonly #heads: HeadRebroadcast;
  #adviseTimer: NodeJS.Timeout | undefined;

  constructor(deps: ClusterPublisherDeps) {
    super();
    this.#deps = deps;
    this.#heads = new HeadRebroadcast((rooms, head) =>
      this.#publish(rooms, { event: HEAD_REBROADCAST, head: formatHead(head) }),
    );
  }

  async start(): Promise<void> {
    const { bus, adapter } = this.#deps;
    await bus.start({
      onMessage: (room, line) => this.#receive(room, line),
      onGap: () => {
        this.#adviseSync();
        // Clients of the other processes have missed the pushes of this process.
        this.#publish([CONTROL_CHANNEL], { event: BUS_RECONNECTED, head: NO_HEAD });
      },
    });
    bus.listen(CONTROL_CHANNEL);
    adapter.on('create-room', (room: string) => {
      if (isSharedRoom(room)) bus.listen(room);
    });
    adapter.on('delete-room', (room: string) => {
      if (isSharedRoom(room)) bus.unlisten(room);
    });
    this.#heads.start();
  }

  stop(): void {
    clearTimeout(this.#adviseTimer);
    this.#heads.stop();
  }

  /** Sends a push to the same rooms on every other process, as it was encoded for the sockets here. */
  forward(rooms: readonly string[], push: EncodedPush, position?: LogPosition): void {
    if (position !== undefined) this.#heads.schedule(rooms, position);
    const head = formatHead(position) + formatGuard(push, position);
    this.#publish(rooms, { event: push.event, head }, push.text);
  }

  /** Notifies all other processes that users have changed. */
  announceUsers(): void {
    this.#publish([CONTROL_CHANNEL], { event: USERS_CHANGED, head: NO_HEAD });
  }

  /** Notifies all other processes that users were unmatched. */
  announceUnmatched(userIds: readonly UserId[]): void {
    this.#publish([CONTROL_CHANNEL], { event: USERS_UNMATCHED, head: NO_HEAD }, JSON.stringify(userIds));
  }

  /** Tells every other process that there is something for those who do not look at a conversation. */
  announceHead(notice: HeadNotice): void {
    this.#publish([CONTROL_CHANNEL], { event: HEAD_NOTICE, head: NO_HEAD }, JSON.stringify(notice));
  }

  /** Notifies all other processes that the text of a message was erased. */
  announceErased(erased: Erased): void {
    this.#publish([CONTROL_CHANNEL], { event: TEXT_ERASED, head: NO_HEAD }, JSON.stringify(erased));
  }

  #publish(rooms: readonly string[], { event, head }: Envelope, packet = ''): void {
    const line = `${event} ${head} ${packet}`;
    for (const room of rooms) this.#deps.bus.publish(room, line);
  }

  #receive(room: string, line: string): void {
    const [event = '', middle = ''] = line.split(' ', 2);
    const [headText = '', guardText] = middle.split('|');
    const packet = line.slice(event.length + middle.length + 2);
    if (event === USERS_CHANGED) {
      this.emit('usersChanged');
      return;
    }
    if (event === BUS_RECONNECTED) {
      this.#adviseSync();
      return;
    }
    if (event === USERS_UNMATCHED) {
      const pair = unmatchedNotice.safeParse(JSON.parse(packet));
      if (pair.success) this.emit('unmatched', pair.data);
      return;
    }
    if (event === HEAD_NOTICE) {
      const notice = headNotice.safeParse(JSON.parse(packet));
      if (notice.success) this.emit('headNoted', notice.data);
      return;
    }
    if (event === TEXT_ERASED) {
      const told = erasedNotice.safeParse(JSON.parse(line.slice(event.length + headText.length + 2)));
      if (told.success) this.emit('erased', told.data);
      return;
    }
    const head = parseHead(headText);
    if (head !== undefined) this.emit('stored', head);
    if (event === HEAD_REBROADCAST) {
      if (head !== undefined && this.#heads.checkMissed(room, head)) this.#repair(room, head);
      return;
    }
    if (head !== undefined) this.#heads.markReceived(room, head);
    const name = PUSH_NAMES.find((one) => one === event);
    // Sent by a process of a newer version during an update: clients of this version do not know the event.
    if (name === undefined) return;
    const push = asEncoded(name, packet, parseGuard(guardText, head));
    if (name === 'presence') this.#receivePresence(push);
    this.#deps.deliver(room, push, head);
  }

  #receivePresence({ text }: EncodedPush): void {
    const presence = presencePacket.safeParse(JSON.parse(text.slice(1)));
    if (presence.success) this.emit('presence', presence.data[1].data);
  }

  #repair(room: string, { conversationId, seq }: LogPosition): void {
    this.#deps.metrics.missedPushes.inc();
    const head = { conversationId, lastSeq: seq, rev: 0 };
    this.#deps.deliver(room, encodePush({ event: 'conversation:updated', data: { head } }));
  }

  /** The number of missed pushes is unknown, so clients must ask the database. */
  #adviseSync(): void {
    this.#adviseTimer ??= setTimeout(() => this.#adviseAll(), ADVISE_AFTER_MS).unref();
  }

  #adviseAll(): void {
    this.#adviseTimer = undefined;
    this.#deps.metrics.busGaps.inc();
    this.#deps.deliverToAll(encodePush({ event: 'sync:advised', data: { withinMs: SYNC_WITHIN_MS } }));
  }
}

const unmatchedNotice = z.array(userIdSchema);

const headNotice = z.object({
  conversationId: conversationIdSchema,
  removalSeq: z.int().min(0),
  seq: z.int().min(1),
});

const erasedNotice = z.object({ conversationId: conversationIdSchema, rev: z.int().min(1) });

/** A presence push as a Socket.IO packet, after its type digit. */
const presencePacket = z.tuple([z.literal('presence'), z.object({ data: PUSHES.presence.data })]);

const NO_HEAD = '-';

const formatHead = (position: LogPosition | undefined): string =>
  position === undefined
    ? NO_HEAD
    : `${position.conversationId}:${position.seq}:${position.n}:${position.control}`;

function parseHead(text: string): LogPosition | undefined {
  if (text === NO_HEAD) return undefined;
  const [id, ...numbers] = text.split(':');
  const parsed = positionShape.safeParse([id, ...numbers.map(Number)]);
  if (!parsed.success) return undefined;
  const [conversationId, seq, n, control] = parsed.data;
  return { conversationId, seq, n, control };
}

const positionShape = z.tuple([conversationIdSchema, z.int().min(1), z.int().min(0), z.int().min(0)]);
