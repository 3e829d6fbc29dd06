import { z } from 'zod';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { conversationId, cursor, userId } from '../primitives.js';
import { messageView } from '../views.js';

/** Finding what was said. */
export const SEARCH_COMMANDS = {
  searchMessages: command({
    payload: z
      .strictObject({
        /** Left out: all conversations of the caller. */
        conversationId: conversationId.optional(),
        /** All of these words, or beginnings of words; at most `LIMITS.maxSearchWords` of them. */
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
      'Messages by words and sender that the caller may see: of one conversation the newest first, or of all of them in the order of the list. A page may be short, or empty, and not the last: that has no `nextCursor`.',
  }),
} as const;
