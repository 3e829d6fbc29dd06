import { z } from 'zod';
import { LIMITS, userId, type CommandData, type UserId } from '../../../../contract/index.js';
import type { BlockModel } from '../../models/blockModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { Decision, Judged } from '../commitLog/entry.js';
import type { ControlLog } from '../controlLog.js';
import { decodeCursor, encodeCursor } from '../cursors.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import { blocked } from '../membership/rules.js';
import { isPair } from '../sound.js';
import type { UserDirectory } from '../userDirectory.js';
import type { BlockDirectory } from './blockDirectory.js';
import type { PairNews } from './pairNews.js';

interface BlockParts {
  blocks: BlockModel;
  conversations: Pick<ConversationModel, 'findByKey'>;
  directory: BlockDirectory;
  controlLog: ControlLog;
  news: PairNews;
  users: UserDirectory;
  time: DatabaseTime;
  /** Other processes may want to know before their next poll. */
  onChanged: () => void;
}

/** Each round begins with somebody having changed their mind once more. */
const MAX_ROUNDS = 10;
const blockedCursor = z.tuple([userId]);

/**
 * Who has blocked whom. A block is stored by itself first, then the pair's log says so: whatever it has taken before
 * was sent before, and nothing is taken behind it.
 */
export class BlockService {
  readonly #parts: BlockParts;

  constructor(parts: BlockParts) {
    this.#parts = parts;
  }

  /** Blocks somebody, or lets them in again. @throws AppError `VALIDATION` for oneself, `UNAVAILABLE`. */
  async set(blockerId: UserId, blockedId: UserId, isBlocked: boolean): Promise<void> {
    if (blockerId === blockedId) {
      throw new AppError('VALIDATION', 'Nobody can block themselves.', {
        details: [{ path: 'userId', rule: 'must be another user' }],
      });
    }
    const { blocks, directory, time, onChanged } = this.#parts;
    // Known from here on, so that it acts here at once and not with the next poll.
    await directory.of(blockerId);
    if ((await this.#isSet(blockerId, blockedId)) !== isBlocked) {
      await blocks.set({ blockerId, blockedId }, isBlocked, time.now());
    }
    await this.#learn(blockerId, blockedId);
    onChanged();
    await this.settle(blockerId, blockedId);
  }

  /** Whom a user has blocked. @throws AppError `VALIDATION` for a foreign cursor. */
  async list(
    blockerId: UserId,
    input: { limit?: number | undefined; cursor?: string | undefined },
  ): Promise<CommandData<'getBlocked'>> {
    const limit = input.limit ?? LIMITS.memberPageDefault;
    const afterId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, blockedCursor)[0];
    const found = await this.#parts.blocks.findPage(blockerId, limit + 1, afterId);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const users = await this.#parts.users.views(shown.map(({ blockedId }) => blockedId));
    return {
      users: shown.map(({ blockedId, at }) => ({
        ...(users.get(blockedId) ?? { _id: blockedId }),
        blockedAt: at.toISOString(),
      })),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last.blockedId]) }),
    };
  }

  /** Why somebody may not take these users into a group; undefined if they may. */
  async refusalOf(adder: UserId, userIds: readonly UserId[]): Promise<AppError | undefined> {
    const blockers = await this.#parts.blocks.findBlockers(adder, userIds);
    return blockers.length === 0 ? undefined : blocked();
  }

  /** Before a conversation is made: by what is known, so that it costs nothing. @throws AppError `BLOCKED`. */
  async requireTogether(caller: UserId, other: UserId): Promise<void> {
    const { directory } = this.#parts;
    await directory.of(caller);
    if (!directory.areApart(caller, other)) return;
    await directory.refresh();
    if (directory.areApart(caller, other)) throw blocked();
  }

  /**
   * After a conversation is there: by what is stored, so that whoever blocks somebody at the same moment either is seen
   * here, or finds the conversation. @throws AppError `BLOCKED`.
   */
  async requireStillTogether(caller: UserId, other: UserId): Promise<void> {
    const inForce = (await this.#parts.blocks.findBetween(caller, other)).filter((one) => one.isBlocked);
    if (inForce.length === 0) return;
    for (const record of inForce) this.#parts.directory.learn(record);
    await Promise.all(inForce.map(({ blockerId, blockedId }) => this.settle(blockerId, blockedId)));
    throw blocked();
  }

  /** Makes the pair's log say what is stored of a block; again if that changes meanwhile. */
  async settle(blockerId: UserId, blockedId: UserId): Promise<void> {
    const { conversations, controlLog, news } = this.#parts;
    const key = participantsKey(blockerId, blockedId);
    const record = await conversations.findByKey(key);
    if (record === undefined || !isPair(record, key)) return;
    const conversationId = record.mergedInto ?? record._id;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const isSet = await this.#isSet(blockerId, blockedId);
      const decide = (judged: Judged): Decision => decideBlock(judged, blockerId, isSet);
      const committed = await controlLog.commit({ conversationId, caller: blockerId, decide });
      if (committed !== undefined) await news.tellChanged(conversationId, record.participants);
      if ((await this.#isSet(blockerId, blockedId)) === isSet) return;
    }
    throw new AppError('UNAVAILABLE', 'The block changes all the time; ask again.', { retryAfterMs: 500 });
  }

  async #isSet(blockerId: UserId, blockedId: UserId): Promise<boolean> {
    const found = await this.#parts.blocks.findBetween(blockerId, blockedId);
    return found.some((one) => one.blockerId === blockerId && one.isBlocked);
  }

  async #learn(a: UserId, b: UserId): Promise<void> {
    for (const record of await this.#parts.blocks.findBetween(a, b)) this.#parts.directory.learn(record);
  }
}

/** Also in a chat that is closed: who reopens it later finds the block. */
function decideBlock({ membership, facts }: Judged, blockerId: UserId, isSet: boolean): Decision {
  if (membership.type !== 'direct' || !facts.has(blockerId)) return { refusal: notParticipant() };
  if (membership.blockedBy.has(blockerId) === isSet) return 'nothing';
  return { action: { type: isSet ? 'blocked' : 'unblocked' } };
}
