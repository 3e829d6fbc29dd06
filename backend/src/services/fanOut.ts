import type { EntryView, MessageView, UserId } from '../../../contract/index.js';
import type { MessageRecord } from '../models/messageModel.js';
import { visibleFrom, type Membership } from './membership/membership.js';
import type { Publisher } from './ports.js';

export interface FanOutParts {
  publisher: Publisher;
}

interface Announced {
  message: MessageRecord;
  membership: Membership;
  exceptSocketId: string | undefined;
}

export const toHidden = ({
  conversationId,
  seq,
}: Pick<MessageRecord, 'conversationId' | 'seq'>): EntryView => ({
  kind: 'hidden',
  conversationId,
  seq,
});

/** Who of a conversation's members may see a place of its log. */
function viewersOf(membership: Membership, seq: number): UserId[] {
  return [...membership.members]
    .filter(([, facts]) => visibleFrom(membership, facts) <= seq)
    .map(([userId]) => userId);
}

/**
 * Sends a stored entry to the members as of its place: to the devices of each in direct chats and small groups, to who
 * has it open in large groups and channels. Who may not see it hears that there is something at its place: in groups
 * whoever has blocked its sender, and everybody else where the sender is restricted.
 */
export function announceEntry(
  { publisher }: FanOutParts,
  { message, membership, exceptSocketId }: Announced,
  view: MessageView,
): void {
  const { silent = false, shadow = false, senderId: from } = message;
  const data: EntryView = silent ? toHidden(message) : view;
  // What the log of a direct chat has taken was said before a block, and control entries say who is in the group.
  const isGuarded = shadow || (membership.type !== 'direct' && message.kind !== 'system');
  const options = { exceptSocketId, place: message, ...(isGuarded && { from, isSecret: shadow }) };
  if (membership.isApart) {
    publisher.toOpen(membership, { event: 'message:new', data }, options);
    if (!shadow) publisher.toRest(membership, message);
    return;
  }
  publisher.toUsers(viewersOf(membership, message.seq), { event: 'message:new', data }, options);
}
