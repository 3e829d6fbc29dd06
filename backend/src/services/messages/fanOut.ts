import type { EntryView, MessageView, UserId } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { visibleFrom, type Membership } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import { toHidden } from '../views/index.js';

interface Announced {
  message: MessageRecord;
  membership: Membership;
  /** The entry as all its recipients may see it. */
  view: MessageView;
  /** The socket that gets an answer instead. */
  exceptSocketId: string | undefined;
  /** Only for an entry that is pushed again: members who may not see it, or of whom that is not known. */
  absent?: ReadonlySet<UserId> | undefined;
}

/** Returns the members who may see an entry of the log. */
function viewersOf(membership: Membership, seq: number, absent: ReadonlySet<UserId> | undefined): UserId[] {
  return [...membership.members]
    .filter(([userId, facts]) => visibleFrom(membership, facts) <= seq && absent?.has(userId) !== true)
    .map(([userId]) => userId);
}

/**
 * Pushes a stored entry to the members: to all their devices in direct chats and small groups, to sockets that have the
 * conversation open in large groups and channels. Some receive a placeholder instead: in groups the members who have
 * blocked the sender, and all other members if the sender is restricted.
 */
export function announceEntry(
  publisher: Publisher,
  { message, membership, view, exceptSocketId, absent }: Announced,
): void {
  const { silent = false, shadow = false, senderId: from } = message;
  const data: EntryView = silent ? toHidden(message) : view;
  // The log of a direct chat accepts no messages after a block, and all members may see membership events.
  const isGuarded = shadow || (membership.type !== 'direct' && message.kind !== 'system');
  const options = { exceptSocketId, position: message, ...(isGuarded && { from, isSecret: shadow }) };
  if (membership.isLarge) {
    // All sockets that have it open would receive it. Members who may see it find it by its `seq`.
    if (absent !== undefined && absent.size > 0) return;
    publisher.toOpen(membership, { event: 'message:new', data }, options);
    if (!shadow) publisher.toRest(membership, message);
    return;
  }
  const viewers = isUnknownToOther(message, membership) ? [from] : viewersOf(membership, message.seq, absent);
  publisher.toUsers(viewers, { event: 'message:new', data }, options);
}

/**
 * True for a shadow message in a direct chat in which nothing was said openly: the other user may not know of the chat, and not
 * even a placeholder may tell them. If they have opened it, they find a gap with the first message that they may see.
 */
const isUnknownToOther = ({ shadow = false, n }: MessageRecord, { type }: Membership): boolean =>
  shadow && type === 'direct' && n === 0;
