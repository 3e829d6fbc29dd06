import { LIMITS, SYSTEM_USER_ID, type RefusedUser, type UserId } from '../../../../contract/index.js';
import type { BlockModel } from '../../models/blockModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { Summaries } from '../derived/index.js';
import { hasWritten } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';

/**
 * Consumes the daily quota for adding strangers to groups.
 *
 * @returns number of strangers that may be added, at most `count`.
 */
export type ConsumeStrangerQuota = (adder: UserId, count: number) => Promise<number>;

interface NewcomerDeps {
  blocks: Pick<BlockModel, 'findBlockers'>;
  conversations: Pick<ConversationModel, 'findKeys'>;
  members: Pick<MemberModel, 'countLarge'>;
  users: Pick<UserDirectory, 'views' | 'knownPrivacy'>;
  summaries: Pick<Summaries, 'overlay'>;
  consumeStrangerQuota: ConsumeStrangerQuota;
}

export interface Adder {
  userId: UserId;
  /** True for the app's backend and for moderators, who have no quota. */
  isTrusted?: boolean | undefined;
}

export interface Screened {
  admitted: UserId[];
  refused: RefusedUser[];
}

/**
 * Decides which users another user may add to a group. Runs before the append to the log, as it needs data from outside
 * the conversation. The number of queries does not depend on the number of users. Blocks and privacy settings give the
 * same refusal (`FORBIDDEN`), so that a block is not revealed.
 */
export class Newcomers {
  readonly #deps: NewcomerDeps;

  constructor(deps: NewcomerDeps) {
    this.#deps = deps;
  }

  /** @param becomesLarge returns true if the group is large with this number of newcomers. */
  async screen(
    adder: Adder,
    userIds: readonly UserId[],
    becomesLarge: (newcomers: number) => boolean,
  ): Promise<Screened> {
    if (userIds.length === 0) return { admitted: [], refused: [] };
    const correspondents =
      adder.userId === SYSTEM_USER_ID ? new Set<UserId>() : await this.#correspondents(adder, userIds);
    // The app's backend adds users whatever their settings: it acts for the app, not for a user whom they may have blocked.
    const willing =
      adder.userId === SYSTEM_USER_ID
        ? new Set(userIds)
        : await this.#willing(adder.userId, userIds, correspondents);
    const withRoom = becomesLarge(willing.size) ? await this.#withRoom([...willing]) : willing;
    const strangers = [...withRoom].filter((userId) => !correspondents.has(userId));
    const allowed =
      adder.isTrusted === true || strangers.length === 0
        ? strangers.length
        : await this.#deps.consumeStrangerQuota(adder.userId, strangers.length);
    const overQuota = new Set(strangers.slice(allowed));
    const codeOf = (userId: UserId): RefusedUser['code'] | undefined => {
      if (!willing.has(userId)) return 'FORBIDDEN';
      if (!withRoom.has(userId)) return 'LIMIT_EXCEEDED';
      return overQuota.has(userId) ? 'RATE_LIMITED' : undefined;
    };
    const refused = userIds.flatMap((userId) => {
      const code = codeOf(userId);
      return code === undefined ? [] : [{ userId, code }];
    });
    return { admitted: userIds.filter((userId) => codeOf(userId) === undefined), refused };
  }

  /** Returns the users who have not blocked the adder and whose privacy settings allow the addition. */
  async #willing(
    adder: UserId,
    userIds: readonly UserId[],
    correspondents: ReadonlySet<UserId>,
  ): Promise<Set<UserId>> {
    const { blocks, users } = this.#deps;
    const [blockers] = await Promise.all([blocks.findBlockers(adder, userIds), users.views(userIds)]);
    const blocking = new Set(blockers);
    const admits = (userId: UserId): boolean => {
      const { addToGroups } = users.knownPrivacy(userId);
      return addToGroups === 'everyone' || (addToGroups === 'contacts' && correspondents.has(userId));
    };
    return new Set(userIds.filter((userId) => !blocking.has(userId) && admits(userId)));
  }

  /**
   * Returns the users who have written to the adder in their direct conversation. Messages of the adder do not count.
   */
  async #correspondents({ userId: adder }: Adder, userIds: readonly UserId[]): Promise<Set<UserId>> {
    const { conversations, summaries } = this.#deps;
    const keys = userIds.filter((userId) => userId !== adder).map((userId) => participantsKey(adder, userId));
    const pairs = (await conversations.findKeys(keys)).map((pair) => summaries.overlay(pair));
    const open = pairs.filter(({ type, closedBy }) => type === 'direct' && closedBy === undefined);
    return new Set(
      open.flatMap((pair) =>
        pair.participants.filter((userId, index) => userId !== adder && hasWritten(pair, index)),
      ),
    );
  }

  /** Returns the users who may join one more large group or channel. */
  async #withRoom(userIds: readonly UserId[]): Promise<Set<UserId>> {
    const counts = await this.#deps.members.countLarge(userIds);
    return new Set(userIds.filter((userId) => (counts.get(userId) ?? 0) < LIMITS.maxLarge));
  }
}
