import type { ConversationId, PushData, PushName, UserId } from '../../../contract/index.js';
import type { MessageRecord, Tail } from '../models/messageModel.js';

/** Position of a message in the log of its conversation. */
export interface LogPosition extends Tail {
  conversationId: ConversationId;
}

/** Options of a push. */
export interface PushOptions {
  /** Socket that receives an answer and therefore no push. */
  exceptSocketId?: string | undefined;
  /** Log position of a new message. It tells other processes that write to the same log that this `seq` is taken. */
  position?: LogPosition;
  /** Sends only to sockets of this process. */
  onlyHere?: boolean;
  /**
   * Acting user. The push is redacted or dropped for recipients who may not see this user's activity
   * (`PrivacyPolicy`).
   */
  from?: UserId;
  /** Sender of the message concerned, if it is not the acting user. Checked in the same way as `from`. */
  about?: UserId;
  /**
   * Sent instead to recipients who may only see a redacted push. For a message, the default contains only its
   * `position`.
   */
  redacted?: AnyPush;
  /** True when only its author may see it. */
  isSecret?: boolean;
  /** True when it shows actions of several users. Recipients who have blocked any user receive the redacted push. */
  isMixed?: boolean;
}

/** A push of any kind. */
export type AnyPush = { [Name in PushName]: { event: Name; data: PushData<Name> } }[PushName];

/**
 * Sends pushes to clients. An implementation must deliver to live sockets on every process that it can reach, must
 * not deliver to sockets with an expired or revoked token, and must not block. Live delivery is best effort: clients
 * reconcile with `sync`.
 */
export interface Publisher {
  /** Sends to every live socket of these users. */
  toUsers<Name extends PushName>(
    userIds: readonly UserId[],
    push: { event: Name; data: PushData<Name> },
    options?: PushOptions,
  ): void;

  /**
   * Sends to members who have a large group or channel open.
   *
   * @param conversation its id, and the `seq` of its last entry that removed a member. Removed members receive nothing,
   * even on a process that does not know of the removal yet.
   */
  toOpen<Name extends PushName>(
    conversation: { conversationId: ConversationId; removalSeq: number },
    push: { event: Name; data: PushData<Name> },
    options?: PushOptions,
  ): void;

  /** Sends the head of a large group or channel to members who do not have it open. Heads are coalesced. */
  toRest(conversation: { conversationId: ConversationId; removalSeq: number }, head: { seq: number }): void;

  /** Sends to the sockets that watch this user's presence. */
  toWatchers<Name extends PushName>(
    userId: UserId,
    push: { event: Name; data: PushData<Name> },
    options?: Pick<PushOptions, 'onlyHere' | 'from' | 'exceptSocketId'>,
  ): void;

  /** Returns the users whose presence is watched by a socket of this process. */
  watchedHere(): UserId[];
}

/** Receives messages of the bus. */
export interface BusListener {
  /** Called for each message that another process published to a room that this process listens to. */
  onMessage(room: string, message: string): void;
  /** Called when the bus is available again after an outage. Messages may have been lost in both directions. */
  onGap(): void;
}

/**
 * Carries pushes between the processes of one server. Delivery is at most once, and nothing is buffered for processes
 * that are disconnected. Messages of one process to one room arrive in order. Clients reconcile lost messages with
 * `sync`.
 */
export interface Bus {
  /** True while the bus is connected. */
  readonly isUp: boolean;
  /** Connects. During an outage it resolves at once, and the bus connects when it is available again. */
  start(listener: BusListener): Promise<void>;
  /** Sends to every other process that listens to the room, and not to this one. Never blocks, never throws. */
  publish(room: string, message: string): void;
  /**
   * Subscribes this process to a room, shortly after the call. Idempotent. Subscriptions are restored after an
   * outage.
   */
  listen(room: string): void;
  unlisten(room: string): void;
  close(): Promise<void>;
}

/** Stores which users have a socket on any process of this server. Entries of a dead process expire. */
export interface PresenceStore {
  /**
   * Notes that this process has the first socket of a user.
   *
   * @returns true when no other process has a socket of the user.
   * @throws while the store is unavailable. The entry is written when it is available again.
   */
  enter(userId: UserId): Promise<boolean>;
  /**
   * Notes that this process has no socket of a user any more.
   *
   * @returns true when no other process has a socket of the user.
   * @throws while the store is unavailable.
   */
  leave(userId: UserId): Promise<boolean>;
  /** Returns those of the users who are online on any process. @throws while the store is unavailable. */
  findOnline(userIds: readonly UserId[]): Promise<Set<UserId>>;
  /**
   * Adds a listener that is called when presence may have changed without notice: a process has died, or the store is
   * available again.
   */
  onDoubt(listener: () => void): void;
  close(): Promise<void>;
}

/** Resources that the processes of one server share. */
export interface Cluster {
  bus: Bus;
  presence: PresenceStore;
  close(): Promise<void>;
}

/** Newest messages of a conversation, oldest first and without gaps, with every change up to `rev`. */
export interface WindowCopy {
  readonly rev: number;
  readonly messages: readonly MessageRecord[];
}

/**
 * Cache of the newest messages of conversations. A copy may be outdated: its user must read later entries from the
 * message log and the change log, as `RecentWindows` does.
 */
export interface WindowCache {
  /** Returns undefined when there is no copy or the cache is unavailable. Never throws. */
  read(conversationId: ConversationId): Promise<WindowCopy | undefined>;
  /**
   * Stores a copy, unless a copy of a higher `rev` is stored or copies before a higher `rev` were removed. Never
   * blocks.
   */
  write(conversationId: ConversationId, copy: WindowCopy): void;
  /**
   * Removes copies from before this `rev`, and rejects later writes of such copies by processes that read the messages
   * before it. Never throws.
   */
  remove(conversationId: ConversationId, rev: number): Promise<void>;
}

/** Notice that a message text was erased: copies of the conversation from before this `rev` must be removed. */
export interface Erased {
  conversationId: ConversationId;
  rev: number;
}
