import type { ConversationId, PushName, UserId } from '../../../../contract/index.js';
import type { Publisher, PushOptions } from '../../services/ports.js';
import { encodeGuarded, type Push } from '../encodedPush.js';
import { openRoom, userRoom, watchersRoom } from '../rooms.js';
import type { ClusterPublisher } from './clusterPublisher.js';
import type { CoalescedHeads } from './coalescedHeads.js';
import type { CurrentDelivery } from './currentDelivery.js';
import type { LocalDelivery } from './localDelivery.js';

export interface PublisherDeps {
  delivery: CurrentDelivery;
  local: Pick<LocalDelivery, 'watchedUsers'>;
  /** Sends to the sockets of other processes, if there are any. */
  cluster: ClusterPublisher | undefined;
  /** Heads of large groups and channels, for members who do not watch them. */
  heads: CoalescedHeads;
}

/** Publishes to live sockets, on this process and on the others. */
export class SocketPublisher implements Publisher {
  readonly #deps: PublisherDeps;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  toUsers<Name extends PushName>(
    userIds: readonly UserId[],
    push: Push<Name>,
    options: PushOptions = {},
  ): void {
    if (userIds.length === 0) return;
    this.#send(userIds.map(userRoom), push, options);
  }

  toWatchers<Name extends PushName>(
    userId: UserId,
    push: Push<Name>,
    options: Pick<PushOptions, 'onlyHere' | 'from' | 'exceptSocketId'> = {},
  ): void {
    this.#send([watchersRoom(userId)], push, options);
  }

  watchedHere(): UserId[] {
    return this.#deps.local.watchedUsers();
  }

  toOpen<Name extends PushName>(
    { conversationId, removalSeq }: { conversationId: ConversationId; removalSeq: number },
    push: Push<Name>,
    options: PushOptions = {},
  ): void {
    this.#send([openRoom(conversationId, removalSeq)], push, options);
  }

  toRest(
    { conversationId, removalSeq }: { conversationId: ConversationId; removalSeq: number },
    { seq }: { seq: number },
  ): void {
    this.#deps.heads.onStoredHere({ conversationId, removalSeq, seq });
  }

  #send<Name extends PushName>(rooms: readonly string[], push: Push<Name>, options: PushOptions): void {
    const encoded = encodeGuarded(push, options);
    this.#deps.delivery.deliver(rooms, encoded, options);
    if (options.onlyHere !== true) this.#deps.cluster?.forward(rooms, encoded, options.position);
  }
}
