import { z } from 'zod';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { conversationId, emoji, isoTime, messageText, seq, seqOrZero } from '../primitives.js';
import { changeView, countsView, receiptView, userView } from '../views.js';

const place = z.strictObject({ conversationId, seq });
const changed = z.object({ change: changeView });
const pair = { ok: 'message:changed', error: 'message:error' } as const;
const CODES = ['NOT_PARTICIPANT', 'NOT_FOUND', 'FORBIDDEN'] as const;

/** What happens to messages after they were sent, and who has got them. */
export const CHANGE_COMMANDS = {
  editMessage: command({
    payload: place.extend({ content: messageText }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'TOO_LARGE', 'BLOCKED'],
    bucket: 'send',
    repeatSafe: 'the same text again changes nothing',
    summary: 'Changes the text of an own message, as long as the window for it is open.',
  }),
  deleteMessage: command({
    payload: place.extend({ for: z.enum(['me', 'everyone']) }),
    answer: z.object({ conversationId, seq, rev: seqOrZero }),
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED'],
    bucket: 'send',
    repeatSafe: 'what is deleted stays deleted',
    summary:
      'Deletes a message for the caller, or for everyone (own ones; in groups admins any): its text is gone, its place stays.',
  }),
  react: command({
    payload: place.extend({ emoji, on: z.boolean() }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'BLOCKED'],
    bucket: 'send',
    repeatSafe: 'one of each emoji per user',
    summary: 'Puts a reaction on a message or takes it away.',
  }),
  pinMessage: command({
    payload: place.extend({ pinned: z.boolean() }),
    answer: changed,
    pair,
    codes: [...CODES, 'LIMIT_EXCEEDED', 'BLOCKED'],
    bucket: 'send',
    repeatSafe: 'pinned or not',
    summary: 'Pins a message for everybody (direct: both; groups and channels: owner and admins).',
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
    summary: 'What happened to messages since `afterRev`, to messages of any age.',
  }),
  getEdits: command({
    payload: place,
    answer: z.object({ edits: z.array(z.object({ content: z.string(), at: isoTime })) }),
    pair: { ok: 'edits:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'The texts that an edited message has had (the first hundred edits), the first one first.',
  }),
  getReactions: command({
    payload: place.extend({ emoji: emoji.optional() }),
    answer: z.object({ reactions: z.array(z.object({ emoji, user: userView })) }),
    pair: { ok: 'reactions:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Who reacted to a message, the first hundred of them.',
  }),
  getReceipts: command({
    payload: place,
    answer: countsView.extend({
      /** Direct chats and small groups; large groups and channels are counted, and of a channel views alone. */
      members: z.array(receiptView).optional(),
    }),
    pair: { ok: 'receipts:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'Who has got and read a message and when (direct chats, small groups), or how many have.',
  }),
} as const;
