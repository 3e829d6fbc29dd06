import { z } from 'zod';
import { auditAnswer } from '../audit.js';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { comment, conversationId, cursor, isoTime, seq, storedUserId, userId } from '../primitives.js';
import { attachmentView } from '../content.js';
import { entryView, userView } from '../views.js';

const pair = { ok: 'safety:done', error: 'safety:error' } as const;
const page = z.strictObject({
  limit: z.int().min(1).max(LIMITS.memberPageMax).optional(),
  cursor: cursor.optional(),
});

/** Effects of a decision on the reported message or user, beside closing the report. */
export const REPORT_DECISIONS = ['dismiss', 'deleteMessage', 'restrictUser', 'banUser'] as const;
export type ReportDecision = (typeof REPORT_DECISIONS)[number];

export const REPORT_REASONS = ['spam', 'harassment', 'nudity', 'scam', 'underage', 'other'] as const;

/**
 * Users that a privacy setting admits. For presence, `everyone` means users with a direct conversation with them,
 * with or without messages, and their contacts; `contacts` means users who have exchanged messages with them, in
 * a direct conversation or a small group. For being added to groups, `everyone` means any user; `contacts` means
 * users whom they have written to. `nobody` means no user.
 */
export const audience = z.enum(['everyone', 'contacts', 'nobody']);

/**
 * Privacy settings of a user. Read receipts, last seen and typing apply in both directions: a user who switches
 * one off does not see it of others either.
 */
export const privacyView = z.object({
  readReceipts: z.boolean(),
  lastSeen: audience,
  typing: z.boolean(),
  /** Users who may add them to groups and channels. `contacts` means users whom they have written to. */
  addToGroups: audience,
});
export type PrivacyView = z.infer<typeof privacyView>;

export const reportView = z.object({
  _id: z.string(),
  /** `SYSTEM_USER_ID` for a finding of the app's moderation hook. */
  reporterId: storedUserId,
  userId: storedUserId,
  conversationId: conversationId.optional(),
  seq: seq.optional(),
  reason: z.enum(REPORT_REASONS),
  comment: z.string().optional(),
  status: z.enum(['open', 'resolved']),
  decision: z.enum(REPORT_DECISIONS).optional(),
  resolution: z.string().optional(),
  /** The moderator who closed it, or `parley:system`. */
  resolvedBy: storedUserId.optional(),
  resolvedAt: isoTime.optional(),
  /** Files of the reported message while the report is open, also when the message was deleted since. */
  files: z.array(attachmentView).optional(),
  createdAt: isoTime,
  /** The reported message with the messages around it. Messages deleted since have no content. */
  context: z.array(entryView),
});
export type ReportView = z.infer<typeof reportView>;

/** A decision with an effect, a note for other moderators, or both. */
export const decisionFields = {
  decision: z.enum(REPORT_DECISIONS).optional(),
  resolution: comment.optional(),
};
export const isDecided = (input: { decision?: unknown; resolution?: unknown }): boolean =>
  input.decision !== undefined || input.resolution !== undefined;
export const DECISION_RULE = 'give a decision, a resolution, or both';

/** Blocks, reports, restrictions and privacy. */
export const SAFETY_COMMANDS = {
  blockUser: command({
    payload: z.strictObject({ userId, blocked: z.boolean() }),
    answer: z.object({ userId, blocked: z.boolean() }),
    pair,
    codes: ['LIMIT_EXCEEDED'],
    bucket: 'open',
    repeatSafe: 'blocked or not',
    summary: 'Blocks or unblocks a user. While blocked, neither can send to, see or find the other.',
  }),
  getBlocked: command({
    payload: page,
    answer: z.object({
      users: z.array(userView.extend({ blockedAt: isoTime })),
      nextCursor: cursor.optional(),
    }),
    pair: { ok: 'blocked:list', error: 'safety:error' },
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of the users that the caller has blocked.',
  }),
  unmatch: command({
    payload: z.strictObject({ conversationId }),
    answer: z.object({ conversationId }),
    pair,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'a closed conversation stays closed',
    summary:
      'Closes a direct conversation for both users. It is kept for moderation; a later match opens the same one again.',
  }),
  report: command({
    payload: z
      .strictObject({
        userId: userId.optional(),
        conversationId: conversationId.optional(),
        seq: seq.optional(),
        reason: z.enum(REPORT_REASONS),
        comment: comment.optional(),
      })
      .refine(
        (input) =>
          (input.conversationId === undefined) === (input.seq === undefined) &&
          (input.userId !== undefined) !== (input.seq !== undefined),
        'give either userId, or conversationId and seq',
      ),
    answer: z.object({ reportId: z.string() }),
    pair,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'open',
    repeatSafe: 'one open report per reporter and reported user or message',
    summary: 'Reports a user or a message to the moderators.',
  }),
  getReports: command({
    payload: page.extend({ status: z.enum(['open', 'resolved']).optional() }),
    answer: z.object({ reports: z.array(reportView), nextCursor: cursor.optional() }),
    pair: { ok: 'reports:list', error: 'safety:error' },
    codes: ['FORBIDDEN'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of reports with their context, oldest first (role `moderator`).',
  }),
  resolveReport: command({
    payload: z
      .strictObject({ reportId: z.string().regex(/^[0-9a-f]{24}$/), ...decisionFields })
      .refine(isDecided, DECISION_RULE),
    answer: z.object({ reportId: z.string() }),
    pair,
    codes: ['FORBIDDEN', 'NOT_FOUND'],
    bucket: 'open',
    repeatSafe: 'the first decision stays',
    summary:
      'Decides a report (role `moderator`): deletes the message for everyone, restricts or bans the user, or neither; then closes it.',
  }),
  getAudit: command({
    payload: z.strictObject({
      limit: z.int().min(1).max(LIMITS.auditPageMax).optional(),
      cursor: cursor.optional(),
    }),
    answer: auditAnswer,
    pair: { ok: 'audit:list', error: 'safety:error' },
    codes: ['FORBIDDEN'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary:
      'A page of the audit log, newest first (role `moderator`): acts of moderators, API keys and operators.',
  }),
  restrictUser: command({
    payload: z.strictObject({ userId, restricted: z.boolean() }),
    answer: z.object({ userId, restricted: z.boolean() }),
    pair,
    codes: ['FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'restricted or not',
    summary:
      'Shadow-restricts a user or lifts the restriction (role `moderator`): they can go on sending, but no other user sees it.',
  }),
  getPrivacy: command({
    payload: z.strictObject({}),
    answer: z.object({ privacy: privacyView }),
    pair: { ok: 'privacy:result', error: 'safety:error' },
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: "The caller's privacy settings.",
  }),
  updatePrivacy: command({
    payload: z
      .strictObject({
        readReceipts: z.boolean().optional(),
        lastSeen: audience.optional(),
        typing: z.boolean().optional(),
        addToGroups: audience.optional(),
      })
      .refine((settings) => Object.keys(settings).length > 0, 'give something to set'),
    answer: z.object({ privacy: privacyView }),
    pair: { ok: 'privacy:result', error: 'safety:error' },
    codes: [],
    bucket: 'profile',
    repeatSafe: 'values are set',
    summary:
      'Sets whether the caller shows read receipts, last seen and typing (and sees those of others), and which users may add them to groups.',
  }),
} as const;
