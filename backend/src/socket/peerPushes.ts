import type { EventEmitter } from 'node:events';
import { z } from 'zod';
import {
  conversationId as conversationIdSchema,
  userId as userIdSchema,
  PUSHES,
  PUSH_NAMES,
  type PresenceView,
  type UserId,
} from '../../../contract/index.js';
import type { Bus, Erased, Place } from '../services/ports.js';
import type { Metrics } from '../utils/metrics.js';
import { asEncoded, encodePush, type EncodedPush } from './delivery.js';
import { formatGuard, parseGuard } from './pushGuard.js';
import { RepeatedHeads } from './repeatedHeads.js';
import type { Noted } from './restNotices.js';
import { CONTROL_ROOM, isSharedRoom } from './rooms.js';

interface PeerPushParts {
  bus: Bus;
  /** Says which rooms have sockets in them. */
  adapter: EventEmitter;
  metrics: Pick<Metrics, 'lostPushes' | 'busGaps'>;
  /** Delivers what came from another process to the sockets of this one. */
  deliver: (room: string, push: EncodedPush) => void;
  deliverToAll: (push: EncodedPush) => void;
  /** Watchers here are told this by another process. */
  onPresence: (presence: PresenceView) => void;
  /** Another process has stored this message: the log of its conversation goes at least as far. */
  onStored: (place: Place) => void;
  /** Another process has stored something in a large group or channel. */
  onRest: (noted: Noted) => void;
  /** Another process has erased a text: copies from before that are to be forgotten. */
  onErased: (erased: Erased) => void;
  /** On another process two users have parted: who watches whom is looked into again. */
  onApart: (userIds: readonly UserId[]) => void;
  /** Another process changed users (a revocation, perhaps): what is known of them is old. */
  onUsersChanged: () => void;
}

/** Clients are asked to sync over this long, so that they do not all come at once, in ms. */
const SYNC_WITHIN_MS = 3_000;

/** Says in one line what a line of the bus is, so that what is not wanted need not be parsed. */
interface Envelope {
  event: string;
  /**
   * `-`, or the head that a message, or a repetition, brings along; behind a `|` what the receiving process has to know
   * to judge who of its users may hear it.
   */
  head: string;
}

const USERS_CHANGED = 'users-changed';
const REPEATED_HEAD = 'repeated-head';
const WAS_AWAY = 'was-away';
const REST = 'rest';
const ERASED = 'erased';
const APART = 'apart';
/** When the bus is back, every process says so at about the same time: clients are told once, in ms. */
const ADVISE_AFTER_MS = 300;

/**
 * Pushes between processes. A room of this process that has sockets in it is listened to on the bus; what is pushed
 * here goes to the same rooms elsewhere. Lost packets show by repeated heads, an outage by asking clients to sync.
 */
export class PeerPushes {
  readonly #parts: PeerPushParts;
  readonly #heads: RepeatedHeads;
  #advising: NodeJS.Timeout | undefined;

  constructor(parts: PeerPushParts) {
    this.#parts = parts;
    this.#heads = new RepeatedHeads((rooms, head) =>
      this.#publish(rooms, { event: REPEATED_HEAD, head: formatHead(head) }),
    );
  }

  async start(): Promise<void> {
    const { bus, adapter } = this.#parts;
    await bus.start({
      onMessage: (room, line) => this.#receive(room, line),
      onGap: () => {
        this.#adviseSync();
        // What this process had to say meanwhile, the clients of the others have missed.
        this.#publish([CONTROL_ROOM], { event: WAS_AWAY, head: NO_HEAD });
      },
    });
    bus.listen(CONTROL_ROOM);
    adapter.on('create-room', (room: string) => {
      if (isSharedRoom(room)) bus.listen(room);
    });
    adapter.on('delete-room', (room: string) => {
      if (isSharedRoom(room)) bus.unlisten(room);
    });
    this.#heads.start();
  }

  stop(): void {
    clearTimeout(this.#advising);
    this.#heads.stop();
  }

  /** Sends a push to the same rooms on every other process, as it was encoded for the sockets here. */
  forward(rooms: readonly string[], push: EncodedPush, place?: Place): void {
    if (place !== undefined) this.#heads.note(rooms, place);
    const head = formatHead(place) + formatGuard(push, place);
    this.#publish(rooms, { event: push.event, head }, push.text);
  }

  /** Tells every other process that users have changed. */
  announceUsers(): void {
    this.#publish([CONTROL_ROOM], { event: USERS_CHANGED, head: NO_HEAD });
  }

  /** Tells every other process that users have parted. */
  announceApart(userIds: readonly UserId[]): void {
    this.#publish([CONTROL_ROOM], { event: APART, head: NO_HEAD }, JSON.stringify(userIds));
  }

  /** Tells every other process that there is something for those who do not look at a conversation. */
  announceRest(noted: Noted): void {
    this.#publish([CONTROL_ROOM], { event: REST, head: NO_HEAD }, JSON.stringify(noted));
  }

  /** Tells every other process that the text of a message was erased. */
  announceErased(erased: Erased): void {
    this.#publish([CONTROL_ROOM], { event: ERASED, head: NO_HEAD }, JSON.stringify(erased));
  }

  #publish(rooms: readonly string[], { event, head }: Envelope, packet = ''): void {
    const line = `${event} ${head} ${packet}`;
    for (const room of rooms) this.#parts.bus.publish(room, line);
  }

  #receive(room: string, line: string): void {
    const [event = '', middle = ''] = line.split(' ', 2);
    const [headText = '', guardText] = middle.split('|');
    const packet = line.slice(event.length + middle.length + 2);
    if (event === USERS_CHANGED) {
      this.#parts.onUsersChanged();
      return;
    }
    if (event === WAS_AWAY) {
      this.#adviseSync();
      return;
    }
    if (event === APART) {
      const pair = apartNotice.safeParse(JSON.parse(packet));
      if (pair.success) this.#parts.onApart(pair.data);
      return;
    }
    if (event === REST) {
      const noted = restNotice.safeParse(JSON.parse(packet));
      if (noted.success) this.#parts.onRest(noted.data);
      return;
    }
    if (event === ERASED) {
      const told = erasedNotice.safeParse(JSON.parse(line.slice(event.length + headText.length + 2)));
      if (told.success) this.#parts.onErased(told.data);
      return;
    }
    const head = parseHead(headText);
    if (head !== undefined) this.#parts.onStored(head);
    if (event === REPEATED_HEAD) {
      if (head !== undefined && this.#heads.isNews(room, head)) this.#repair(room, head);
      return;
    }
    if (head !== undefined) this.#heads.hear(room, head);
    const name = PUSH_NAMES.find((one) => one === event);
    // From a process of another version, in the midst of an update: its clients know what to do with it, ours do not.
    if (name === undefined) return;
    const push = asEncoded(name, packet, parseGuard(guardText, head));
    if (name === 'presence') this.#notePresence(push);
    this.#parts.deliver(room, push);
  }

  #notePresence({ text }: EncodedPush): void {
    const presence = presencePacket.safeParse(JSON.parse(text.slice(1)));
    if (presence.success) this.#parts.onPresence(presence.data[1].data);
  }

  #repair(room: string, { conversationId, seq }: Place): void {
    this.#parts.metrics.lostPushes.inc();
    const head = { conversationId, lastSeq: seq, rev: 0 };
    this.#parts.deliver(room, encodePush({ event: 'conversation:updated', data: { head } }));
  }

  /** Nobody knows what was missed: the database does. */
  #adviseSync(): void {
    this.#advising ??= setTimeout(() => this.#tellAllToSync(), ADVISE_AFTER_MS).unref();
  }

  #tellAllToSync(): void {
    this.#advising = undefined;
    this.#parts.metrics.busGaps.inc();
    this.#parts.deliverToAll(encodePush({ event: 'sync:advised', data: { withinMs: SYNC_WITHIN_MS } }));
  }
}

const apartNotice = z.array(userIdSchema);

const restNotice = z.object({
  conversationId: conversationIdSchema,
  removalSeq: z.int().min(0),
  seq: z.int().min(1),
});

const erasedNotice = z.object({ conversationId: conversationIdSchema, rev: z.int().min(1) });

/** A presence push as a Socket.IO packet, behind its number. */
const presencePacket = z.tuple([z.literal('presence'), z.object({ data: PUSHES.presence.data })]);

const NO_HEAD = '-';

const formatHead = (place: Place | undefined): string =>
  place === undefined ? NO_HEAD : `${place.conversationId}:${place.seq}:${place.n}:${place.control}`;

function parseHead(text: string): Place | undefined {
  if (text === NO_HEAD) return undefined;
  const [id, ...numbers] = text.split(':');
  const parsed = place.safeParse([id, ...numbers.map(Number)]);
  if (!parsed.success) return undefined;
  const [conversationId, seq, n, control] = parsed.data;
  return { conversationId, seq, n, control };
}

const place = z.tuple([conversationIdSchema, z.int().min(1), z.int().min(0), z.int().min(0)]);
