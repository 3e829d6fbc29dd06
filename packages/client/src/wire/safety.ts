import type { Attachment } from './content.js';
import type { EntryView } from './messages.js';
import type { UserView } from './users.js';

export type ReportReason = 'spam' | 'harassment' | 'nudity' | 'scam' | 'underage' | 'other';

/**
 * Users that a privacy setting admits. Presence: `everyone` are users with a direct conversation with them and contacts,
 * `contacts` users who have exchanged messages with them. Groups: `contacts` are users whom they have written to.
 */
export type Audience = 'everyone' | 'contacts' | 'nobody';

/** Read receipts, last seen and typing apply in both directions: switched off, a user does not see those of others. */
export interface PrivacyView {
  readReceipts: boolean;
  lastSeen: Audience;
  typing: boolean;
  /** Users who may add them to groups and channels. */
  addToGroups: Audience;
}

/** At least one setting. */
export interface PrivacyInput {
  readReceipts?: boolean | undefined;
  lastSeen?: Audience | undefined;
  typing?: boolean | undefined;
  addToGroups?: Audience | undefined;
}

export interface ReportView {
  _id: string;
  reporterId: string;
  userId: string;
  conversationId?: string | undefined;
  seq?: number | undefined;
  reason: ReportReason;
  comment?: string | undefined;
  status: 'open' | 'resolved';
  resolution?: string | undefined;
  /** Files of the reported message while the report is open, also when the message was deleted since. */
  files?: Attachment[] | undefined;
  createdAt: string;
  /** The reported message with the messages around it. Messages deleted since have no content. */
  context: EntryView[];
}

/** Either `userId`, or `conversationId` and `seq`. */
export interface ReportInput {
  userId?: string | undefined;
  conversationId?: string | undefined;
  seq?: number | undefined;
  reason: ReportReason;
  comment?: string | undefined;
}

export interface PageInput {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface ReportsInput extends PageInput {
  status?: 'open' | 'resolved' | undefined;
}

export interface BlockedUser extends UserView {
  blockedAt: string;
}

export interface SafetyCommands {
  blockUser: { payload: { userId: string; blocked: boolean }; data: { userId: string; blocked: boolean } };
  getBlocked: { payload: PageInput; data: { users: BlockedUser[]; nextCursor?: string | undefined } };
  unmatch: { payload: { conversationId: string }; data: { conversationId: string } };
  report: { payload: ReportInput; data: { reportId: string } };
  /** For moderators, like the two after it. */
  getReports: { payload: ReportsInput; data: { reports: ReportView[]; nextCursor?: string | undefined } };
  resolveReport: { payload: { reportId: string; resolution: string }; data: { reportId: string } };
  restrictUser: {
    payload: { userId: string; restricted: boolean };
    data: { userId: string; restricted: boolean };
  };
  getPrivacy: { payload: Record<string, never>; data: { privacy: PrivacyView } };
  updatePrivacy: { payload: PrivacyInput; data: { privacy: PrivacyView } };
}
