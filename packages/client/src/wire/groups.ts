import type { HistoryMode, Role } from './content.js';
import type { ConversationRef, CreatedConversation, HeadView, OneConversation } from './conversations.js';
import type { UserView } from './users.js';

/**
 * A user who was not added to a group. `FORBIDDEN`: their privacy settings or a block do not allow it. `LIMIT_EXCEEDED`: they
 * are in too many large groups and channels. `RATE_LIMITED`: the caller's daily limit for strangers is used up.
 */
export interface RefusedUser {
  userId: string;
  code: 'FORBIDDEN' | 'LIMIT_EXCEEDED' | 'RATE_LIMITED';
}

export interface CreateGroupInput {
  type?: 'group' | 'channel' | undefined;
  name: string;
  /** Initial members. The creator is always a member, and the owner. */
  participants: string[];
  avatar?: string | undefined;
  /** Idempotency key: a repeated one returns the group that was created first. */
  clientConversationId?: string | undefined;
  /** Default: `joined` for groups, `all` for channels. */
  history?: HistoryMode | undefined;
  /** Whether any user who knows the id may join. Default: true for channels only. */
  open?: boolean | undefined;
}

/** At least one change besides `conversationId`. */
export interface UpdateConversationInput {
  conversationId: string;
  name?: string | undefined;
  /** `null` removes the picture. */
  avatar?: string | null | undefined;
  history?: HistoryMode | undefined;
  open?: boolean | undefined;
}

export interface ListedMember extends UserView {
  role: Role;
  joinedSeq: number;
}

export interface MembersInput {
  conversationId: string;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** Owner, admins, then the others in the order in which they joined. */
export interface MemberPage {
  members: ListedMember[];
  memberCount: number;
  nextCursor?: string | undefined;
}

export interface CreatedGroup extends CreatedConversation {
  refused: RefusedUser[];
}

export interface AddedMembers extends OneConversation {
  refused: RefusedUser[];
}

export interface GroupCommands {
  createGroup: { payload: CreateGroupInput; data: CreatedGroup };
  getMembers: { payload: MembersInput; data: MemberPage };
  addMembers: { payload: { conversationId: string; userIds: string[] }; data: AddedMembers };
  removeMember: { payload: { conversationId: string; userId: string }; data: OneConversation };
  joinConversation: { payload: ConversationRef; data: OneConversation };
  leaveConversation: { payload: ConversationRef; data: { conversationId: string } };
  setRole: { payload: { conversationId: string; userId: string; role: Role }; data: OneConversation };
  updateConversation: { payload: UpdateConversationInput; data: OneConversation };
  /** Live delivery of a large group or channel to this connection. Call it again after every reconnect. */
  watchConversation: { payload: { conversationId: string; watching: boolean }; data: HeadView };
}
