import { z } from 'zod';
import {
  LIMITS,
  userId,
  type ConversationId,
  type ListedMember,
  type UserId,
} from '../../../../contract/index.js';
import { RANKS } from '../../models/memberDocument.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { Access } from '../access.js';
import { decodeCursor, encodeCursor } from '../cursors.js';
import type { UserDirectory } from '../userDirectory.js';

interface MemberListParts {
  members: Pick<MemberModel, 'findPage'>;
  access: Access;
  users: UserDirectory;
}

const cursorTuple = z.tuple([z.int().min(0).max(9), z.int().min(0), userId]);

export interface MemberPage {
  members: ListedMember[];
  memberCount: number;
  nextCursor?: string;
}

/** Who is in a conversation, page by page: public details only. */
export class MemberList {
  readonly #parts: MemberListParts;

  constructor(parts: MemberListParts) {
    this.#parts = parts;
  }

  /** @throws AppError `NOT_PARTICIPANT`, `VALIDATION` (a foreign cursor). */
  async page(
    caller: UserId,
    id: ConversationId,
    input: { limit?: number | undefined; cursor?: string | undefined },
  ): Promise<MemberPage> {
    const { membership } = await this.#parts.access.requireMember(caller, id);
    const limit = input.limit ?? LIMITS.memberPageDefault;
    if (membership.type === 'direct') return this.#pair([...membership.members.keys()]);
    const found = await this.#parts.members.findPage(id, limit + 1, toPosition(input.cursor));
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const users = await this.#parts.users.views(shown.map((member) => member.userId));
    return {
      members: shown.map(({ userId: memberId, role, joinedSeq }) => ({
        ...(users.get(memberId) ?? { _id: memberId }),
        ...{ role, joinedSeq },
      })),
      memberCount: membership.memberCount,
      ...(found.length > limit &&
        last !== undefined && { nextCursor: encodeCursor([RANKS[last.role], last.joinedSeq, last.userId]) }),
    };
  }

  async #pair(userIds: readonly UserId[]): Promise<MemberPage> {
    const users = await this.#parts.users.views(userIds);
    return {
      members: userIds.map((memberId) => ({
        ...(users.get(memberId) ?? { _id: memberId }),
        ...{ role: 'member' as const, joinedSeq: 0 },
      })),
      memberCount: userIds.length,
    };
  }
}

function toPosition(
  cursor: string | undefined,
): { rank: number; joinedSeq: number; userId: string } | undefined {
  if (cursor === undefined) return undefined;
  const [rank, joinedSeq, memberId] = decodeCursor(cursor, cursorTuple);
  return { rank, joinedSeq, userId: memberId };
}
