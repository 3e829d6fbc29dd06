import { z } from 'zod';
import {
  LIMITS,
  userId,
  type ConversationId,
  type ListedMember,
  type UserId,
} from '../../../../contract/index.js';
import { RANKS } from '../../models/memberDocument.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { Access, Membership } from '../membership/index.js';
import { decodeCursor, encodeCursor } from '../../utils/cursors.js';
import type { ShadowView } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';

interface MemberListDeps {
  members: Pick<MemberModel, 'findPage'>;
  access: Access;
  users: UserDirectory;
  shadows: Pick<ShadowView, 'membership'>;
}

const cursorTuple = z.tuple([z.int().min(0).max(9), z.int().min(0), userId]);

export interface MemberPage {
  members: ListedMember[];
  memberCount: number;
  nextCursor?: string;
}

/** Lists the members of a conversation in pages, with public profiles only. */
export class MemberList {
  readonly #deps: MemberListDeps;

  constructor(deps: MemberListDeps) {
    this.#deps = deps;
  }

  /** Returns a page of members. @throws AppError `NOT_PARTICIPANT`, `VALIDATION` (cursor of another list). */
  async page(
    caller: UserId,
    id: ConversationId,
    input: { limit?: number | undefined; cursor?: string | undefined },
  ): Promise<MemberPage> {
    const { membership } = await this.#deps.access.requireMember(caller, id);
    const limit = input.limit ?? LIMITS.memberPageDefault;
    if (membership.type === 'direct') return this.#pair(caller, [...membership.members.keys()]);
    const found = await this.#deps.members.findPage(id, limit + 1, toPosition(input.cursor));
    const last = found.slice(0, limit).at(-1);
    const seen = await this.#deps.shadows.membership(caller, membership);
    const shown = withShadowEvents(found.slice(0, limit), {
      membership,
      seen,
      isLast: found.length <= limit,
    });
    const users = await this.#deps.users.views(
      shown.map((member) => member.userId),
      caller,
    );
    return {
      members: shown.map(({ userId: memberId, role, joinedSeq }) => ({
        ...(users.get(memberId) ?? { _id: memberId }),
        role,
        joinedSeq,
      })),
      memberCount: seen.memberCount,
      ...(found.length > limit &&
        last !== undefined && { nextCursor: encodeCursor([RANKS[last.role], last.joinedSeq, last.userId]) }),
    };
  }

  async #pair(caller: UserId, userIds: readonly UserId[]): Promise<MemberPage> {
    const users = await this.#deps.users.views(userIds, caller);
    return {
      members: userIds.map((memberId) => ({
        ...(users.get(memberId) ?? { _id: memberId }),
        role: 'member' as const,
        joinedSeq: 0,
      })),
      memberCount: userIds.length,
    };
  }
}

type Listed = Pick<MemberRecord, 'userId' | 'role' | 'joinedSeq'>;

/** Applies the shadow membership events of a restricted caller to a page of members. */
function withShadowEvents(
  page: readonly Listed[],
  { membership, seen, isLast }: { membership: Membership; seen: Membership; isLast: boolean },
): Listed[] {
  if (seen === membership) return [...page];
  const isGone = (userId: UserId): boolean =>
    seen.gone.has(userId) || (membership.members.has(userId) && !seen.members.has(userId));
  const added = [...seen.members]
    .filter(([userId]) => isLast && !membership.members.has(userId))
    .map(([userId, facts]) => ({ userId, ...facts }));
  const kept = page
    .filter(({ userId }) => !isGone(userId) && !added.some((one) => one.userId === userId))
    .map((one) => ({ ...one, role: seen.members.get(one.userId)?.role ?? one.role }));
  return [...kept, ...added];
}

function toPosition(
  cursor: string | undefined,
): { rank: number; joinedSeq: number; userId: string } | undefined {
  if (cursor === undefined) return undefined;
  const [rank, joinedSeq, memberId] = decodeCursor(cursor, cursorTuple);
  return { rank, joinedSeq, userId: memberId };
}
