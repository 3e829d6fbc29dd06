import { z } from 'zod';
import {
  LIMITS,
  userId,
  type CommandData,
  type ConversationId,
  type UserId,
} from '../../../../contract/index.js';
import type { BlockModel } from '../../models/blockModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { Decision, MembershipEventLog } from '../commitLog/index.js';
import { type LogState, blocked, isPair } from '../membership/index.js';
import { decodeCursor, encodeCursor } from '../../utils/cursors.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import type { Acquaintance, BlockDirectory } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';
import type { PairNotifier } from './pairNotifier.js';

interface BlockDeps {
  blocks: BlockModel;
  conversations: Pick<ConversationModel, 'findByKey' | 'findById' | 'findKeys'>;
  summaries: Pick<Summaries, 'overlay'>;
  acquaintance: Acquaintance;
  directory: BlockDirectory;
  membershipEventLog: MembershipEventLog;
  notifier: PairNotifier;
  users: UserDirectory;
  time: DatabaseTime;
  /** Called after blocks were changed, so that other processes can read them before their next poll. */
  onChanged: () => void;
}

/** Maximum number of log entries per call. A further one is needed only if the block was changed in the meantime. */
const MAX_ROUNDS = 10;
const blockedCursor = z.tuple([userId]);

/**
 * Stores and lists blocks between users. A block is stored in its own document first, then in the log of the pair if
 * they have met. Messages in the log before that entry were sent before the block, and the log accepts none after it
 * while the block lasts. For a pair who have not met, no entry is written, so that the block is not revealed. Only
 * the blocked user sees the messages they send later.
 */
export class BlockService {
  readonly #deps: BlockDeps;
  /** Number of blocks per user that this process is storing. */
  readonly #adding = new Map<UserId, number>();

  constructor(deps: BlockDeps) {
    this.#deps = deps;
  }

  /**
   * Blocks or unblocks a user.
   *
   * @throws AppError `VALIDATION` for oneself, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
   */
  async set(blockerId: UserId, blockedId: UserId, isBlocked: boolean): Promise<void> {
    if (blockerId === blockedId) {
      throw new AppError('VALIDATION', 'You cannot block yourself.', {
        details: [{ path: 'userId', rule: 'must be another user' }],
      });
    }
    const { blocks, directory, time, onChanged } = this.#deps;
    // Loaded into the cache first, so that the change takes effect here at once and not with the next poll.
    await directory.of(blockerId);
    if ((await this.#isSet(blockerId, blockedId)) !== isBlocked) {
      const release = isBlocked ? await this.#reserve(blockerId) : () => undefined;
      try {
        await blocks.set({ blockerId, blockedId }, isBlocked, time.now());
        await this.#learn(blockerId, blockedId);
      } finally {
        release();
      }
    } else await this.#learn(blockerId, blockedId);
    onChanged();
    const unloggedId = await this.syncLog(blockerId, blockedId);
    // If no log entry was needed, the blocker's devices have not been notified yet.
    if (unloggedId !== undefined) await this.#deps.notifier.notifyBlocker(unloggedId, blockerId);
  }

  /** Lists the users blocked by a user. @throws AppError `VALIDATION` for a cursor of another list. */
  async list(
    blockerId: UserId,
    input: { limit?: number | undefined; cursor?: string | undefined },
  ): Promise<CommandData<'getBlocked'>> {
    const limit = input.limit ?? LIMITS.memberPageDefault;
    const afterId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, blockedCursor)[0];
    const found = await this.#deps.blocks.findPage(blockerId, limit + 1, afterId);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const users = await this.#deps.users.views(shown.map(({ blockedId }) => blockedId));
    return {
      users: shown.map(({ blockedId, at }) => ({
        ...(users.get(blockedId) ?? { _id: blockedId }),
        blockedAt: at.toISOString(),
      })),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last.blockedId]) }),
    };
  }

  /**
   * Checks, before a conversation is created, that the caller has not blocked the other user. Uses cached blocks.
   *
   * @throws AppError `BLOCKED`.
   */
  async requireNotBlocked(caller: UserId, other: UserId): Promise<void> {
    const { directory } = this.#deps;
    if (!(await directory.of(caller)).blocked.has(other)) return;
    await directory.refresh();
    if ((await directory.of(caller)).blocked.has(other)) throw blocked();
  }

  /**
   * Checks, after a conversation was created or found, that neither user has blocked the other. For a new one it reads
   * stored blocks: a concurrent block is either found here, or its own call finds the conversation. For an older one
   * the cached blocks decide whether that is needed.
   *
   * @returns true when the caller is blocked by a user they have never met; the block must not be revealed to them.
   * @throws AppError `BLOCKED`.
   */
  async requireStillNotBlocked(
    [caller, other]: readonly [UserId, UserId],
    record: ConversationRecord,
    { isNew }: { isNew: boolean },
  ): Promise<boolean> {
    const { blocks, directory, acquaintance } = this.#deps;
    const cached = await directory.of(caller);
    if (!isNew && !cached.blocked.has(other) && !cached.blockedBy.has(other)) return false;
    const inForce = (await blocks.findBetween(caller, other)).filter((one) => one.isBlocked);
    if (inForce.length === 0) return false;
    for (const block of inForce) directory.learn(block);
    await Promise.all(inForce.map(({ blockerId, blockedId }) => this.syncLog(blockerId, blockedId)));
    if (await acquaintance.hasHiddenBlock(caller, record)) return true;
    throw blocked();
  }

  /**
   * Writes the stored state of a block to the log of a pair who have met. Repeats if the block is changed meanwhile.
   *
   * @returns the id of their conversation if no entry was written, otherwise undefined.
   */
  async syncLog(blockerId: UserId, blockedId: UserId): Promise<ConversationId | undefined> {
    const { conversations, membershipEventLog, notifier, acquaintance } = this.#deps;
    const key = participantsKey(blockerId, blockedId);
    const found = await conversations.findByKey(key);
    if (found === undefined || !isPair(found, key)) return undefined;
    const conversationId = found.mergedInto ?? found._id;
    const record = (await conversations.findById(conversationId)) ?? found;
    let isLogged = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const isSet = await this.#isSet(blockerId, blockedId);
      const isDisclosed = !isSet || (await acquaintance.haveMet(record));
      const decide = (state: LogState): Decision => decideBlock(state, blockerId, isSet);
      const committed =
        isDisclosed && (await membershipEventLog.commit({ conversationId, caller: blockerId, decide }));
      if (committed) {
        isLogged = true;
        await notifier.notifyChanged(conversationId, record.participants);
      }
      if ((await this.#isSet(blockerId, blockedId)) === isSet) return isLogged ? undefined : conversationId;
    }
    throw new AppError('UNAVAILABLE', 'The block was changed too often; ask again.', { retryAfterMs: 500 });
  }

  /**
   * Reserves one of a user's blocks, including those that are being stored. Other processes may exceed the limit within
   * the second that it takes them to read new blocks.
   *
   * @returns a function that releases the reservation, to be called once the block is cached.
   * @throws AppError `LIMIT_EXCEEDED`.
   */
  async #reserve(blockerId: UserId): Promise<() => void> {
    const { blocked } = await this.#deps.directory.of(blockerId);
    const adding = this.#adding.get(blockerId) ?? 0;
    if (blocked.size + adding >= LIMITS.maxBlocks) {
      throw new AppError('LIMIT_EXCEEDED', `You may block ${LIMITS.maxBlocks} users at most.`);
    }
    this.#adding.set(blockerId, adding + 1);
    return () => {
      const left = (this.#adding.get(blockerId) ?? 1) - 1;
      if (left === 0) this.#adding.delete(blockerId);
      else this.#adding.set(blockerId, left);
    };
  }

  async #isSet(blockerId: UserId, blockedId: UserId): Promise<boolean> {
    const found = await this.#deps.blocks.findBetween(blockerId, blockedId);
    return found.some((one) => one.blockerId === blockerId && one.isBlocked);
  }

  async #learn(a: UserId, b: UserId): Promise<void> {
    for (const record of await this.#deps.blocks.findBetween(a, b)) this.#deps.directory.learn(record);
  }
}

/** Closed conversations get the entry too: it applies if they are reopened. */
function decideBlock({ membership, facts }: LogState, blockerId: UserId, isSet: boolean): Decision {
  if (membership.type !== 'direct' || !facts.has(blockerId)) return { refusal: notParticipant() };
  if (membership.blockedBy.has(blockerId) === isSet) return 'nothing';
  return { action: { type: isSet ? 'blocked' : 'unblocked' } };
}
