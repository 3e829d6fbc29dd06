import type { ConversationId, UserId } from '../../../contract/index.js';
import type { Membership } from '../../../backend/src/services/membership/membership.js';
import { hash } from 'node:crypto';
import type { Importer } from './importer.js';
import type { ImportLog } from './log.js';
import type { Target } from './target.js';

/** Members that a group lacks: current members of the old group, and former ones who have written messages. */
export interface MissingMembers {
  joining: UserId[];
  former: UserId[];
}

/** Returns the current and former members of a group. */
export async function findKnown(importer: Importer, id: ConversationId | undefined): Promise<Set<UserId>> {
  if (id === undefined) return new Set();
  await importer.membership(id);
  const members = await importer.models.members.findByConversations([id]);
  const wereIn = members.filter(({ joinedSeq, leftSeq }) => joinedSeq > 0 || leftSeq !== undefined);
  return new Set(wereIn.map(({ userId }) => userId));
}

export function findMissing(
  target: Target,
  known: ReadonlySet<UserId>,
  senders: ReadonlySet<UserId>,
): MissingMembers {
  const people = new Set(target.people);
  return {
    joining: target.people.filter((userId) => !known.has(userId)),
    former: [...senders].filter((userId) => !known.has(userId) && !people.has(userId)),
  };
}

/** Returns a name that depends on the content of an entry, so that a repeated run finds the entry it wrote. */
const nameOf = (kind: string, userIds: readonly UserId[]): string =>
  `import-${kind}-${hash('sha256', JSON.stringify(userIds.toSorted()), 'base64url').slice(0, 16)}`;

/**
 * Appends membership events to the log of a group: `created`, or `added` for an existing one. Former members are added
 * and removed again, so that their messages are those of former members.
 */
export async function appendMembership(
  importer: Importer,
  log: ImportLog,
  { target, missingMembers, at }: { target: Target; missingMembers: MissingMembers; at: Date },
): Promise<Membership | undefined> {
  const { conversationId } = log;
  const { joining, former } = missingMembers;
  const all = [...joining, ...former];
  const before = await importer.membership(conversationId);
  const owner = ownerOf(target, before);
  if (before === undefined || before.control === 0) {
    const [chat] = target.chats;
    await log.appendControl({
      action: {
        type: 'created',
        members: all.map((userId) => ({ userId, role: userId === owner ? 'owner' : 'member' })),
        ...(chat?.name !== undefined && { name: chat.name }),
        ...(chat?.avatar !== undefined && { avatar: chat.avatar }),
        history: 'all',
        open: false,
      },
      senderId: owner,
      name: 'import-created',
      at,
    });
  } else if (all.length > 0) {
    const name = nameOf('added', all);
    await log.appendControl({ action: { type: 'added', userIds: all }, senderId: owner, name, at });
  }
  if (former.length > 0) {
    const name = nameOf('removed', former);
    await log.appendControl({ action: { type: 'removed', userIds: former }, senderId: owner, name, at });
  }
  return importer.membership(conversationId);
}

function ownerOf({ people, chats }: Target, membership: Membership | undefined): UserId {
  const owner = [...(membership?.members ?? [])].find(([, { role }]) => role === 'owner')?.[0];
  const creator = people.find((userId) => userId === chats[0]?.createdBy);
  const [first] = people;
  const found = owner ?? creator ?? first;
  if (found === undefined) throw new Error('a group without members');
  return found;
}
