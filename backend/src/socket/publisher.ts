import type { PushName, ServerToClientEvents, UserId } from '../../../contract/index.js';
import type { Publisher } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { PeerPushes, Push } from './peerPushes.js';
import { isWatchersRoom, userRoom, watchedUser, watchersRoom } from './rooms.js';
import type { ChatServer } from './types.js';

export interface PublisherParts {
  io: ChatServer;
  logger: Logger;
  /** The way to the sockets of other processes, where there are any. */
  peers?: PeerPushes | undefined;
  /** Whether it is known, as of now, whose tokens still hold. */
  isCurrent: () => boolean;
  /** Finds out, and silences those whose tokens do not. @throws while the database is away. */
  makeCurrent: () => Promise<void>;
}

/** Pushes held back while it is not known who may hear; live delivery is a hint, so the oldest may go. */
const MAX_HELD = 10_000;

/**
 * Sends to live sockets. Whoever's token was revoked or has expired hears nothing, and that must hold for a process
 * that was paused meanwhile, too: when what it knows is old, pushes wait until the database has been asked.
 */
export class SocketPublisher implements Publisher {
  #held: (() => void)[] = [];
  #asking = false;

  constructor(readonly parts: PublisherParts) {}

  toUsers<Name extends PushName>(
    userIds: readonly UserId[],
    push: Push<Name>,
    options: { exceptSocketId?: string | undefined; ephemeral?: boolean } = {},
  ): void {
    if (userIds.length === 0) return;
    const rooms = userIds.map(userRoom);
    this.deliver(rooms, push, options);
    this.parts.peers?.forward(rooms, push);
  }

  toWatchers<Name extends PushName>(
    userId: UserId,
    push: Push<Name>,
    options: { onlyHere?: boolean } = {},
  ): void {
    const rooms = [watchersRoom(userId)];
    this.deliver(rooms, push);
    if (options.onlyHere !== true) this.parts.peers?.forward(rooms, push);
  }

  watchedHere(): UserId[] {
    const { rooms } = this.parts.io.of('/').adapter;
    return [...rooms.keys()].filter(isWatchersRoom).map(watchedUser);
  }

  /** To the sockets of this process that are in one of these rooms. */
  deliver<Name extends PushName>(
    rooms: string[],
    push: Push<Name>,
    options: { exceptSocketId?: string | undefined; ephemeral?: boolean } = {},
  ): void {
    this.#whenKnown(() => {
      const all = this.parts.io.local.to(rooms);
      const except = options.exceptSocketId === undefined ? all : all.except(options.exceptSocketId);
      emitTo(options.ephemeral === true ? except.volatile : except, push);
    });
  }

  /** Now, in the usual case; in their order after asking, when this process has slept. */
  #whenKnown(emit: () => void): void {
    if (this.#held.length === 0 && this.parts.isCurrent()) {
      emit();
      return;
    }
    if (this.#held.length >= MAX_HELD) this.#held.shift();
    this.#held.push(emit);
    if (!this.#asking) void this.#release();
  }

  async #release(): Promise<void> {
    this.#asking = true;
    try {
      await this.parts.makeCurrent();
      const held = this.#held;
      this.#held = [];
      for (const emit of held) emit();
    } catch (error) {
      this.parts.logger.debug({ err: error }, 'pushes wait for the database');
      setTimeout(() => void this.#release(), 200).unref();
      return;
    }
    this.#asking = false;
  }
}

type Emitter = ReturnType<ChatServer['to']>;

/** The one cast of the push side: that a row's data fits its event is checked by the callers' types. */
function emitTo<Name extends PushName>(emitter: Emitter, { event, data }: Push<Name>): void {
  const args = [{ success: true, data }] as unknown as Parameters<ServerToClientEvents[Name]>;
  emitter.emit(event, ...(args as never));
}
