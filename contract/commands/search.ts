import { z } from 'zod';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { conversationId, cursor, userId } from '../primitives.js';
import { messageView } from '../views.js';

/** Searching messages. */
export const SEARCH_COMMANDS = {
  searchMessages: command({
    payload: z
      .strictObject({
        /** Default: all conversations of the caller. */
        conversationId: conversationId.optional(),
        /** Words or beginnings of words. A message must have all of them; at most `LIMITS.maxSearchWords`. */
        words: z
          .string()
          .max(200)
          .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'must be clean text')
          .optional(),
        senderId: userId.optional(),
        limit: z.int().min(1).max(LIMITS.searchPageMax).optional(),
        cursor: cursor.optional(),
      })
      .refine(
        ({ words, senderId }) => words !== undefined || senderId !== undefined,
        'give words or senderId',
      ),
    answer: z.object({ messages: z.array(messageView), nextCursor: cursor.optional() }),
    pair: { ok: 'search:result', error: 'message:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'search',
    repeatSafe: 'reads only',
    summary:
      'Searches messages that the caller may see by words and sender: in one conversation, newest first, or in all of them, in the order of the list. A page may be short or empty without being the last; the last one has no `nextCursor`.',
  }),
} as const;
