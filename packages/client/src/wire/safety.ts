import type { Attachment } from './content.js';
import type { EntryView } from './messages.js';
import type { UserView } from './users.js';

export type ReportReason = 'spam' | 'harassment' | 'nudity' | 'scam' | 'underage' | 'other';

/** Effect of a decision on the reported message or user, beside closing the report. */
export type ReportDecision = 'dismiss' | 'deleteMessage' | 'restrictUser' | 'banUser';

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
  decision?: ReportDecision | undefined;
  resolution?: string | undefined;
  /** The moderator who closed it, or `parley:system`. */
  resolvedBy?: string | undefined;
  resolvedAt?: string | undefined;
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

/** A decision with an effect, a note for other moderators, or both. The first decision stays. */
export interface ReportDecisionInput {
  reportId: string;
  decision?: ReportDecision | undefined;
  resolution?: string | undefined;
}

/** An act of a moderator, an API key or an operator. Ids only, never text. */
export interface AuditEntryView {
  _id: string;
  at: string;
  actor: { kind: 'key' | 'moderator' | 'operator'; id: string; name?: string | undefined };
  /** Name of the endpoint, the command, or the script with its action. */
  action: string;
  /** Remote address, or the host name of the machine. */
  from?: string | undefined;
  targets: {
    userIds?: string[] | undefined;
    conversationId?: string | undefined;
    seq?: number | undefined;
    reportId?: string | undefined;
    keyId?: string | undefined;
    webhookId?: string | undefined;
  };
  /** `OK`, or the code of the failure. Missing when the server died during the act: it may have happened or not. */
  outcome?: string | undefined;
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
  /** For moderators, like the three after it. */
  getReports: { payload: ReportsInput; data: { reports: ReportView[]; nextCursor?: string | undefined } };
  resolveReport: { payload: ReportDecisionInput; data: { reportId: string } };
  getAudit: { payload: PageInput; data: { entries: AuditEntryView[]; nextCursor?: string | undefined } };
  restrictUser: {
    payload: { userId: string; restricted: boolean };
    data: { userId: string; restricted: boolean };
  };
  getPrivacy: { payload: Record<string, never>; data: { privacy: PrivacyView } };
  updatePrivacy: { payload: PrivacyInput; data: { privacy: PrivacyView } };
}
