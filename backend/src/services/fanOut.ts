import type { EntryView, MessageView, UserId } from '../../../contract/index.js';
import type { MessageRecord } from '../models/messageModel.js';
import { visibleFrom, type Membership } from './membership/membership.js';
import type { Publisher } from './ports.js';

export interface FanOutParts {
  publisher: Publisher;
  /** Whose members do not see what somebody says in groups: they have blocked the sender. As of a second ago at most. */
  hiddenFrom: (senderId: UserId) => ReadonlySet<UserId>;
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
 * has it open in large groups and channels. Who may not see it hears that there is something at its place.
 */
export function announceEntry(
  { publisher, hiddenFrom }: FanOutParts,
  { message, membership, exceptSocketId }: Announced,
  view: MessageView,
): void {
  const options = { exceptSocketId, place: message };
  const data: EntryView = message.silent === true ? toHidden(message) : view;
  const blind = membership.type === 'direct' ? NOBODY : hiddenFrom(message.senderId);
  if (membership.isApart) {
    publisher.toOpen(membership, { event: 'message:new', data }, { ...options, hiddenFrom: blind });
    publisher.toRest(membership, message);
    return;
  }
  const viewers = viewersOf(membership, message.seq);
  const seeing = viewers.filter((userId) => !blind.has(userId));
  publisher.toUsers(seeing, { event: 'message:new', data }, options);
  if (seeing.length < viewers.length) {
    const others = viewers.filter((userId) => blind.has(userId));
    publisher.toUsers(others, { event: 'message:new', data: toHidden(message) }, options);
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();
