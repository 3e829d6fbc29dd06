import type { ConversationId, PushName, UserId } from '../../../contract/index.js';
import type { Publisher, PushOptions } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import {
  encodeGuarded,
  type DeliveryOptions,
  type EncodedPush,
  type LocalDelivery,
  type Push,
} from './delivery.js';
import type { PeerPushes } from './peerPushes.js';
import type { RestNotices } from './restNotices.js';
import { openRoom, userRoom, watchersRoom } from './rooms.js';

export interface PublisherParts {
  delivery: LocalDelivery;
  logger: Logger;
  /** The way to the sockets of other processes, where there are any. */
  peers?: PeerPushes | undefined;
  /** What happens in large groups and channels, for those who do not look at them. */
  notices: () => RestNotices;
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
    options: PushOptions<Name> = {},
  ): void {
    if (userIds.length === 0) return;
    this.#send(userIds.map(userRoom), push, options);
  }

  toWatchers<Name extends PushName>(
    userId: UserId,
    push: Push<Name>,
    options: Pick<PushOptions<Name>, 'onlyHere' | 'from'> = {},
  ): void {
    this.#send([watchersRoom(userId)], push, options);
  }

  watchedHere(): UserId[] {
    return this.parts.delivery.watchedUsers();
  }

  toOpen<Name extends PushName>(
    { conversationId, removalSeq }: { conversationId: ConversationId; removalSeq: number },
    push: Push<Name>,
    options: PushOptions<Name> = {},
  ): void {
    this.#send([openRoom(conversationId, removalSeq)], push, options);
  }

  toRest(
    { conversationId, removalSeq }: { conversationId: ConversationId; removalSeq: number },
    { seq }: { seq: number },
  ): void {
    this.parts.notices().note({ conversationId, removalSeq, seq });
  }

  /** To the sockets of this process that are in one of these rooms. */
  deliver(rooms: readonly string[], push: EncodedPush, options?: DeliveryOptions): void {
    this.#whenKnown(() => this.parts.delivery.deliver(rooms, push, options));
  }

  #send<Name extends PushName>(rooms: readonly string[], push: Push<Name>, options: PushOptions<Name>): void {
    const encoded = encodeGuarded(push, options);
    this.deliver(rooms, encoded, options);
    if (options.onlyHere !== true) this.parts.peers?.forward(rooms, encoded, options.place);
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
