import type { ConversationId, PushData, PushName, UserId } from '../../../contract/index.js';
import type { MessageRecord, Tail } from '../models/messageModel.js';

/** Where a message stands in the log of its conversation. */
export interface Place extends Tail {
  conversationId: ConversationId;
}

/** How a push goes out. */
export interface PushOptions<Name extends PushName> {
  /** The socket that gets an answer of its own. */
  exceptSocketId?: string | undefined;
  /** Of a message in its log: other processes that write to the same log need not find out. */
  place?: Place;
  /** To sockets of this process alone. */
  onlyHere?: boolean;
  /** Who said or did it: whoever is not to see that of them (`services/safety/discretion.ts`) does not hear it. */
  from?: UserId;
  /** What such a hearer gets in its place, where there is something; of a message it is its `place`. */
  veiled?: PushData<Name>;
  /** Nobody but its sender is to see it. */
  isSecret?: boolean;
}

/**
 * What services say outward. An implementation must deliver to live sockets of this user on any process it reaches,
 * never to one whose token has expired or was revoked, and must not wait: live delivery is a hint, the database is
 * the truth.
 */
export interface Publisher {
  /** Sends to every live socket of these users. */
  toUsers<Name extends PushName>(
    userIds: readonly UserId[],
    push: { event: Name; data: PushData<Name> },
    options?: PushOptions<Name>,
  ): void;

  /**
   * Sends to those who have a large group or channel open.
   *
   * @param conversation its id, and the last entry that took somebody out: who was taken out hears nothing any more,
   * even on a process that has not noticed yet.
   */
  toOpen<Name extends PushName>(
    conversation: { conversationId: ConversationId; removalSeq: number },
    push: { event: Name; data: PushData<Name> },
    options?: PushOptions<Name>,
  ): void;

  /** Tells the other members of a large group or channel its head, now and then. */
  toRest(conversation: { conversationId: ConversationId; removalSeq: number }, head: { seq: number }): void;

  /** Sends to the sockets that watch this user's presence. */
  toWatchers<Name extends PushName>(
    userId: UserId,
    push: { event: Name; data: PushData<Name> },
    options?: Pick<PushOptions<Name>, 'onlyHere' | 'from'>,
  ): void;

  /** Whose presence is watched by a socket of this process. */
  watchedHere(): UserId[];
}

/** What a process hears from the bus. */
export interface BusListener {
  /** Another process published this to a room that this process listens to. */
  onMessage(room: string, message: string): void;
  /** The bus was away and is back: anything may have been missed meanwhile. */
  onGap(): void;
}

/**
 * Carries pushes between the processes of one server. A hint, like everything live: at most once, nothing is kept for
 * who is away; messages of one process to one room arrive in their order. Correctness comes from `sync`, never from here.
 */
export interface Bus {
  /** True while what is published now can be expected to arrive. */
  readonly isUp: boolean;
  /** Joins. Resolves at once when the bus is away: it is joined as soon as it is back. */
  start(listener: BusListener): Promise<void>;
  /** To every other process that listens to the room; never back to this one. Never waits, never throws. */
  publish(room: string, message: string): void;
  /** From (nearly) now on this process hears what is published to the room. Idempotent; survives an outage. */
  listen(room: string): void;
  unlisten(room: string): void;
  close(): Promise<void>;
}

/** Which users have a socket on any process of this server. Entries of a process that died go by themselves. */
export interface PresenceStore {
  /**
   * This process has a first socket of a user now.
   *
   * @returns true when no other process had one. @throws while the store is away (it is entered when it is back).
   */
  enter(userId: UserId): Promise<boolean>;
  /** This process has no socket of a user any more. @returns true when no other process has one. @throws as `enter`. */
  leave(userId: UserId): Promise<boolean>;
  /** Those of these users who are online on any process. @throws while the store is away. */
  findOnline(userIds: readonly UserId[]): Promise<Set<UserId>>;
  /** Called when a process has died or the store is back: whoever is watched may have come or gone unheard. */
  onDoubt(listener: () => void): void;
  close(): Promise<void>;
}

/** What the processes of one server share. */
export interface Peers {
  bus: Bus;
  presence: PresenceStore;
  close(): Promise<void>;
}

/** The newest messages of a conversation, oldest first and without a hole, with every change up to `rev`. */
export interface WindowCopy {
  readonly rev: number;
  readonly messages: readonly MessageRecord[];
}

/**
 * Copies of the newest messages of conversations. What comes out is only ever a copy of what was stored: whoever uses
 * it has to ask both logs what came after, as `MessageWindows` does.
 */
export interface WindowCache {
  /** Undefined when there is none, or when it cannot be asked. Never throws. */
  read(conversationId: ConversationId): Promise<WindowCopy | undefined>;
  /** Keeps a copy, unless one as of a later change is there or was removed. Does not wait. */
  write(conversationId: ConversationId, copy: WindowCopy): void;
  /**
   * Forgets what was copied before this change, also where somebody is about to write a copy that they read before it.
   * Never throws.
   */
  remove(conversationId: ConversationId, rev: number): Promise<void>;
}

/** Copies of a conversation from before this change are not to be kept any longer: a text was erased. */
export interface Erased {
  conversationId: ConversationId;
  rev: number;
}
