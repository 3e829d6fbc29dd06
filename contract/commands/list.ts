import { z } from 'zod';
import { command } from '../command.js';
import { conversationId, timeInput } from '../primitives.js';
import { settingsView } from '../views.js';

const ofConversation = z.strictObject({ conversationId });
const settingsAnswer = z.object({ settings: settingsView });
const pair = { ok: 'settings:result', error: 'conversation:error' } as const;

/** A user's own list of conversations. It is the same on all of their devices and not visible to others. */
export const LIST_COMMANDS = {
  updateSettings: command({
    payload: z
      .strictObject({
        conversationId,
        pinned: z.boolean().optional(),
        /** `null` unmutes. For a mute without end, send a time far in the future. */
        mutedUntil: timeInput.nullable().optional(),
        archived: z.boolean().optional(),
        markedUnread: z.boolean().optional(),
      })
      .refine(
        ({ conversationId: _, ...settings }) => Object.keys(settings).length > 0,
        'give something to set',
      ),
    answer: settingsAnswer,
    pair,
    codes: ['NOT_PARTICIPANT', 'LIMIT_EXCEEDED'],
    bucket: 'receipt',
    repeatSafe: 'values are set',
    summary: 'Pins, mutes or archives a conversation for the caller, or marks it as unread.',
  }),
  clearHistory: command({
    payload: ofConversation,
    answer: settingsAnswer,
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'receipt',
    repeatSafe: 'cleared messages stay cleared',
    summary: 'Hides all messages so far from the caller. Other members keep them.',
  }),
  deleteConversation: command({
    payload: ofConversation,
    answer: settingsAnswer,
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'receipt',
    repeatSafe: 'it stays deleted until a new message',
    summary:
      "Clears a conversation and removes it from the caller's list until a new message arrives. Other members keep it.",
  }),
} as const;
