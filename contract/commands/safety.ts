import { z } from 'zod';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { comment, conversationId, cursor, isoTime, seq, userId } from '../primitives.js';
import { entryView, userView } from '../views.js';

const pair = { ok: 'safety:done', error: 'safety:error' } as const;
const page = z.strictObject({
  limit: z.int().min(1).max(LIMITS.memberPageMax).optional(),
  cursor: cursor.optional(),
});

export const REPORT_REASONS = ['spam', 'harassment', 'nudity', 'scam', 'underage', 'other'] as const;

/** Who may see when somebody was here last. */
export const audience = z.enum(['everyone', 'contacts', 'nobody']);

/** What a user shows of themselves; what is switched off is not shown to them of others either. */
export const privacyView = z.object({
  readReceipts: z.boolean(),
  lastSeen: audience,
  typing: z.boolean(),
});
export type PrivacyView = z.infer<typeof privacyView>;

export const reportView = z.object({
  _id: z.string(),
  reporterId: userId,
  userId,
  conversationId: conversationId.optional(),
  seq: seq.optional(),
  reason: z.enum(REPORT_REASONS),
  comment: z.string().optional(),
  status: z.enum(['open', 'resolved']),
  resolution: z.string().optional(),
  createdAt: isoTime,
  /** The reported message with what was said around it; what was deleted since is a tombstone. */
  context: z.array(entryView),
});
export type ReportView = z.infer<typeof reportView>;

/** Keeping people safe from each other. */
export const SAFETY_COMMANDS = {
  blockUser: command({
    payload: z.strictObject({ userId, blocked: z.boolean() }),
    answer: z.object({ userId, blocked: z.boolean() }),
    pair,
    codes: [],
    bucket: 'open',
    repeatSafe: 'blocked or not',
    summary: 'Blocks somebody, or lets them in again: neither can send to, see, or find the other.',
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
    summary: 'Whom the caller has blocked.',
  }),
  unmatch: command({
    payload: z.strictObject({ conversationId }),
    answer: z.object({ conversationId }),
    pair,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'what is closed stays closed',
    summary:
      'Closes a direct conversation for both; it is kept for moderation, and a later match opens the same again.',
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
    repeatSafe: 'one open report per reporter and thing',
    summary: 'Reports a user or a message to the moderators.',
  }),
  getReports: command({
    payload: page.extend({ status: z.enum(['open', 'resolved']).optional() }),
    answer: z.object({ reports: z.array(reportView), nextCursor: cursor.optional() }),
    pair: { ok: 'reports:list', error: 'safety:error' },
    codes: ['FORBIDDEN'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Reports with their context, the oldest first (callers with the role `moderator`).',
  }),
  resolveReport: command({
    payload: z.strictObject({ reportId: z.string().regex(/^[0-9a-f]{24}$/), resolution: comment }),
    answer: z.object({ reportId: z.string() }),
    pair,
    codes: ['FORBIDDEN', 'NOT_FOUND'],
    bucket: 'open',
    repeatSafe: 'the first resolution stays',
    summary: 'Closes a report (role `moderator`).',
  }),
  restrictUser: command({
    payload: z.strictObject({ userId, restricted: z.boolean() }),
    answer: z.object({ userId, restricted: z.boolean() }),
    pair,
    codes: ['FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'restricted or not',
    summary: 'Shadow-restricts a user (role `moderator`): they can go on sending, and nobody else sees it.',
  }),
  getPrivacy: command({
    payload: z.strictObject({}),
    answer: z.object({ privacy: privacyView }),
    pair: { ok: 'privacy:result', error: 'safety:error' },
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'What the caller shows of themselves.',
  }),
  setPrivacy: command({
    payload: z
      .strictObject({
        readReceipts: z.boolean().optional(),
        lastSeen: audience.optional(),
        typing: z.boolean().optional(),
      })
      .refine((settings) => Object.keys(settings).length > 0, 'give something to set'),
    answer: z.object({ privacy: privacyView }),
    pair: { ok: 'privacy:result', error: 'safety:error' },
    codes: [],
    bucket: 'profile',
    repeatSafe: 'values are set',
    summary: 'Switches read receipts, last seen and typing on or off, both ways.',
  }),
} as const;
