import { PUSH_NAMES, type PushData, type PushName } from '../../../contract/index.js';
import type { Bus } from '../services/ports.js';
import type { Metrics } from '../utils/metrics.js';
import { RepeatedHeads, type Head } from './repeatedHeads.js';
import { CONTROL_ROOM, isSharedRoom } from './rooms.js';
import type { ChatServer } from './types.js';

export interface Push<Name extends PushName> {
  event: Name;
  data: PushData<Name>;
}

interface PeerPushParts {
  bus: Bus;
  io: ChatServer;
  metrics: Pick<Metrics, 'lostPushes' | 'busGaps'>;
  /** Delivers what came from another process to the sockets of this one. */
  deliver: <Name extends PushName>(room: string, push: Push<Name>) => void;
  /** Another process changed users (a revocation, perhaps): what is known of them is old. */
  onUsersChanged: () => void;
}

/** Clients are asked to sync over this long, so that they do not all come at once, in ms. */
const SYNC_WITHIN_MS = 3_000;

/** Says in one line what a line of the bus is, so that what is not wanted need not be parsed. */
interface Envelope {
  event: string;
  /** `-`, or the head that a message, or a repetition, brings along. */
  head: string;
}

const USERS_CHANGED = 'users-changed';
const REPEATED_HEAD = 'repeated-head';
const WAS_AWAY = 'was-away';
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
      this.#publish(rooms, { event: REPEATED_HEAD, head: formatHead(head) }, 0),
    );
  }

  async start(): Promise<void> {
    const { bus, io } = this.#parts;
    await bus.start({
      onMessage: (room, line) => this.#receive(room, line),
      onGap: () => {
        this.#adviseSync();
        // What this process had to say meanwhile, the clients of the others have missed.
        this.#publish([CONTROL_ROOM], { event: WAS_AWAY, head: NO_HEAD }, 0);
      },
    });
    bus.listen(CONTROL_ROOM);
    const { adapter } = io.of('/');
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

  /** Sends a push to the same rooms on every other process. */
  forward<Name extends PushName>(rooms: readonly string[], push: Push<Name>): void {
    const head = headOf(push);
    if (head !== undefined) this.#heads.note(rooms, head);
    this.#publish(rooms, { event: push.event, head: formatHead(head) }, push.data);
  }

  /** Tells every other process that users have changed. */
  announceUsers(): void {
    this.#publish([CONTROL_ROOM], { event: USERS_CHANGED, head: NO_HEAD }, 0);
  }

  #publish(rooms: readonly string[], { event, head }: Envelope, data: unknown): void {
    const line = `${event} ${head} ${JSON.stringify(data)}`;
    for (const room of rooms) this.#parts.bus.publish(room, line);
  }

  #receive(room: string, line: string): void {
    const [event = '', headText = ''] = line.split(' ', 2);
    if (event === USERS_CHANGED) {
      this.#parts.onUsersChanged();
      return;
    }
    if (event === WAS_AWAY) {
      this.#adviseSync();
      return;
    }
    const head = parseHead(headText);
    if (event === REPEATED_HEAD) {
      if (head !== undefined && this.#heads.isNews(room, head)) this.#repair(room, head);
      return;
    }
    if (head !== undefined) this.#heads.hear(room, head);
    const name = PUSH_NAMES.find((one) => one === event);
    // From a process of another version, in the midst of an update: its clients know what to do with it, ours do not.
    if (name === undefined) return;
    const data: unknown = JSON.parse(line.slice(event.length + headText.length + 2));
    // Written by `forward` of a process of this server, whose types have checked it.
    this.#parts.deliver(room, { event: name, data: data as PushData<typeof name> });
  }

  #repair(room: string, { conversationId, lastSeq }: Head): void {
    this.#parts.metrics.lostPushes.inc();
    const head = {
      conversationId: conversationId as PushData<'message:new'>['conversationId'],
      lastSeq,
      rev: 0,
    };
    this.#parts.deliver(room, { event: 'conversation:updated', data: { head } });
  }

  /** Nobody knows what was missed: the database does. */
  #adviseSync(): void {
    this.#advising ??= setTimeout(() => this.#tellAllToSync(), ADVISE_AFTER_MS).unref();
  }

  #tellAllToSync(): void {
    this.#advising = undefined;
    this.#parts.metrics.busGaps.inc();
    for (const socket of this.#parts.io.sockets.sockets.values()) {
      if (socket.data.live)
        socket.emit('sync:advised', { success: true, data: { withinMs: SYNC_WITHIN_MS } });
    }
  }
}

const NO_HEAD = '-';

function headOf<Name extends PushName>(push: Push<Name>): Head | undefined {
  if (push.event !== 'message:new') return undefined;
  const { conversationId, seq } = push.data as PushData<'message:new'>;
  return { conversationId, lastSeq: seq };
}

const formatHead = (head: Head | undefined): string =>
  head === undefined ? NO_HEAD : `${head.conversationId}:${head.lastSeq}`;

function parseHead(text: string): Head | undefined {
  const [conversationId, lastSeq] = text.split(':');
  return conversationId === undefined || lastSeq === undefined
    ? undefined
    : { conversationId, lastSeq: Number(lastSeq) };
}
