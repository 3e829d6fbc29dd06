import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { DeviceModel } from '../../models/deviceModel.js';
import { pushedKey, type PushedModel } from '../../models/pushedModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Logger } from '../../utils/logger.js';
import { WriteBehind } from '../../utils/writeBehind.js';
import type { UnreadCounts } from '../conversations/index.js';
import type { UserDirectory } from '../users/index.js';
import type { DeviceService } from './devices.js';
import type { Dispatcher } from './dispatcher.js';

/** A conversation that a user has read up to a message. */
export interface Read {
  conversationId: ConversationId;
  userId: UserId;
  seq: number;
}

interface ClearingDeps {
  pushed: Pick<PushedModel, 'take'>;
  devices: Pick<DeviceModel, 'findByUsers'>;
  deviceService: Pick<DeviceService, 'isUsable'>;
  dispatcher: Pick<Dispatcher, 'send'>;
  users: Pick<UserDirectory, 'views'>;
  unread: Pick<UnreadCounts, 'totals'>;
  logger: Logger;
}

/** Reads per query. */
const MAX_BATCH = 500;
/** Reads that may wait: beyond it clearing is left out, and the devices keep a notification too long. */
const MAX_PENDING = 20_000;
/** Pause between two looks, in ms: reading moves on message by message. */
const REST_MS = 500;
/** Time for which a provider keeps it, in ms: a device that comes back later has shown nothing meanwhile. */
const TTL_MS = 3_600_000;

/**
 * Removes notifications from the devices of users who have read the conversation elsewhere. Best effort: a failed one is not
 * repeated, as the app removes them at its next start.
 */
export class Clearing {
  readonly #deps: ClearingDeps;
  readonly #reads: WriteBehind<string, Read>;

  constructor(deps: ClearingDeps) {
    this.#deps = deps;
    this.#reads = new WriteBehind({
      write: (batch) => this.#clear([...batch.values()]),
      dropFailed: true,
      onFailure: (error) => deps.logger.warn({ err: error }, 'notifications could not be cleared'),
      maxBatch: MAX_BATCH,
      maxPending: MAX_PENDING,
      restMs: () => REST_MS,
    });
  }

  note(reads: readonly Read[]): void {
    for (const read of reads) {
      const pending = this.#reads.pending(pushedKey(read));
      if (pending === undefined) this.#reads.put(pushedKey(read), { ...read });
      else pending.seq = Math.max(pending.seq, read.seq);
    }
  }

  drain(): Promise<void> {
    return this.#reads.drain();
  }

  async #clear(reads: readonly Read[]): Promise<void> {
    const { pushed, devices, users, deviceService, dispatcher, unread } = this.#deps;
    const taken = await pushed.take(reads);
    if (taken.length === 0) return;
    const userIds = [...new Set(taken.map(({ userId }) => userId))];
    const [found, totals] = await Promise.all([
      devices.findByUsers(userIds),
      Promise.all(userIds.map((userId) => unread.totals(userId))),
      users.views(userIds),
    ]);
    const badges = new Map(userIds.map((userId, index) => [userId, totals[index]?.totalUnread ?? 0]));
    const usable = groupBy(
      found.filter((device) => deviceService.isUsable(device)),
      ({ userId }) => userId,
    );
    await dispatcher.send(
      taken.flatMap(({ conversationId, userId, seq }) =>
        (usable.get(userId) ?? []).map((device) => ({
          device,
          notification: {
            type: 'clear' as const,
            conversationId,
            seq,
            badge: badges.get(userId) ?? 0,
          },
          ttlMs: TTL_MS,
        })),
      ),
    );
  }
}
