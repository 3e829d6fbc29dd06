import { z } from 'zod';
import { command } from '../command.js';
import { conversationId, isoTime } from '../primitives.js';
import { ownView } from '../views.js';

const ofConversation = z.strictObject({ conversationId });
const own = z.object({ own: ownView });
const pair = { ok: 'conversation:settled', error: 'conversation:error' } as const;

/** A person's own list of conversations: the same on all of their devices, and nobody else's business. */
export const LIST_COMMANDS = {
  setConversation: command({
    payload: z
      .strictObject({
        conversationId,
        pinned: z.boolean().optional(),
        /** `null` unmutes; a far day means for good. */
        mutedUntil: isoTime.nullable().optional(),
        archived: z.boolean().optional(),
        markedUnread: z.boolean().optional(),
      })
      .refine(
        ({ conversationId: _, ...settings }) => Object.keys(settings).length > 0,
        'give something to set',
      ),
    answer: own,
    pair,
    codes: ['NOT_PARTICIPANT', 'LIMIT_EXCEEDED'],
    bucket: 'receipt',
    repeatSafe: 'values are set',
    summary: 'Pins, mutes, archives or marks a conversation as unread, for the caller.',
  }),
  clearHistory: command({
    payload: ofConversation,
    answer: own,
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'receipt',
    repeatSafe: 'what is cleared stays so',
    summary: 'Hides everything said so far from the caller; others keep it.',
  }),
  deleteConversation: command({
    payload: ofConversation,
    answer: own,
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'receipt',
    repeatSafe: 'what is gone stays gone until a new message',
    summary: "Clears a conversation and takes it off the caller's list until a new message comes.",
  }),
} as const;
