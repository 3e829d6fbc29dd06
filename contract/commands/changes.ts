import { z } from 'zod';
import { command } from '../command.js';
import { toEmoji } from '../emoji.js';
import { LIMITS } from '../limits.js';
import { captionText, conversationId, isoTime, reactionSign, seq, seqOrZero } from '../primitives.js';
import { changeView, countsView, receiptView, shownChangeView, userView } from '../views.js';

const messageRef = z.strictObject({ conversationId, seq });
const changed = z.object({ change: shownChangeView });
const pair = { ok: 'message:changed', error: 'message:error' } as const;
const CODES = ['NOT_PARTICIPANT', 'NOT_FOUND', 'FORBIDDEN'] as const;

/** Changes of messages after they were sent, and their receipts. */
export const CHANGE_COMMANDS = {
  editMessage: command({
    /** Empty content removes the caption of an attachment, location or card. A text message cannot become empty. */
    payload: messageRef.extend({ content: captionText }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'TOO_LARGE', 'BLOCKED', 'REJECTED'],
    bucket: 'send',
    repeatSafe: 'an edit to the same text changes nothing',
    summary: 'Changes the text or caption of an own message while its edit window is open.',
  }),
  deleteMessage: command({
    payload: messageRef.extend({ for: z.enum(['me', 'everyone']) }),
    answer: z.object({ conversationId, seq, rev: seqOrZero }),
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED'],
    bucket: 'send',
    repeatSafe: 'a deleted message stays deleted',
    summary:
      'Deletes a message for the caller (`me`) or for everyone (`everyone`: own messages; in groups, owner and admins any). The content is removed, the `seq` stays.',
  }),
  react: command({
    payload: messageRef
      .extend({ emoji: reactionSign, on: z.boolean() })
      // Texts that older versions accepted as reactions can still be removed.
      .refine(({ emoji, on }) => !on || toEmoji(emoji) !== undefined, {
        path: ['emoji'],
        message: 'must be one emoji',
      }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'BLOCKED'],
    bucket: 'send',
    repeatSafe: 'each emoji counts once per user',
    summary: 'Adds a reaction, one emoji, to a message or removes it.',
  }),
  pinMessage: command({
    payload: messageRef.extend({ pinned: z.boolean() }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'BLOCKED'],
    bucket: 'send',
    repeatSafe: 'pinned or not',
    summary: 'Pins or unpins a message for all members (in groups and channels: owner and admins only).',
  }),
  getChanges: command({
    payload: z.strictObject({
      conversationId,
      afterRev: seqOrZero,
      limit: z.int().min(1).max(LIMITS.changePageMax).optional(),
    }),
    answer: z.object({
      changes: z.array(changeView),
      rev: seqOrZero,
      hasMore: z.boolean(),
      reload: z.boolean().optional(),
    }),
    pair: { ok: 'changes:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of the change log after `afterRev`: changes of messages of any age.',
  }),
  getEdits: command({
    payload: messageRef,
    answer: z.object({ edits: z.array(z.object({ content: z.string(), at: isoTime })) }),
    pair: { ok: 'edits:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Earlier texts of an edited message, oldest first (of the first hundred edits).',
  }),
  getReactions: command({
    payload: messageRef.extend({ emoji: reactionSign.optional() }),
    answer: z.object({ reactions: z.array(z.object({ emoji: z.string(), user: userView })) }),
    pair: { ok: 'reactions:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Users who reacted to a message, the first hundred.',
  }),
  getReceipts: command({
    payload: messageRef,
    answer: countsView.extend({
      /** Set in direct conversations and small groups. Large groups and channels have counts only; channels count views. */
      members: z.array(receiptView).optional(),
    }),
    pair: { ok: 'receipts:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Receipts of a message: members with times (direct conversations, small groups), or counts.',
  }),
} as const;
