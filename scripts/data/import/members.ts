import type { ConversationId, UserId } from '../../../contract/index.js';
import type { Membership } from '../../../backend/src/services/membership/membership.js';
import { hash } from 'node:crypto';
import type { Importer } from './importer.js';
import type { ImportLog } from './log.js';
import type { Target } from './target.js';

/** Whom a group lacks: who is in it in the older system, and who was once, as their messages say. */
export interface Lacking {
  joining: UserId[];
  former: UserId[];
}

/** Who has been in a group of this server, with those who left. */
export async function findKnown(importer: Importer, id: ConversationId | undefined): Promise<Set<UserId>> {
  if (id === undefined) return new Set();
  await importer.membership(id);
  const members = await importer.models.members.findOf([id]);
  const wereIn = members.filter(({ joinedSeq, leftSeq }) => joinedSeq > 0 || leftSeq !== undefined);
  return new Set(wereIn.map(({ userId }) => userId));
}

export function findLacking(
  target: Target,
  known: ReadonlySet<UserId>,
  senders: ReadonlySet<UserId>,
): Lacking {
  const people = new Set(target.people);
  return {
    joining: target.people.filter((userId) => !known.has(userId)),
    former: [...senders].filter((userId) => !known.has(userId) && !people.has(userId)),
  };
}

/** Names an entry by what it says: a run that was killed finds the one that it wrote. */
const nameOf = (kind: string, userIds: readonly UserId[]): string =>
  `import-${kind}-${hash('sha256', JSON.stringify(userIds.toSorted()), 'base64url').slice(0, 16)}`;

/**
 * Writes into the log who is in a group: its first entry, or that more have come. Who is not in it any more in the older
 * system comes and goes, so that their messages are those of somebody who was a member.
 */
export async function admit(
  importer: Importer,
  log: ImportLog,
  { target, lacking, at }: { target: Target; lacking: Lacking; at: Date },
): Promise<Membership | undefined> {
  const { conversationId } = log;
  const { joining, former } = lacking;
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
        ...{ history: 'all', open: false },
      },
      ...{ senderId: owner, name: 'import-created', at },
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
  if (found === undefined) throw new Error('a group without anybody');
  return found;
}
