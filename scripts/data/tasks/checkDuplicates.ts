import { z } from 'zod';
import { defineTask } from '../frame/task.js';
import { findDuplicates } from './duplicates.js';

export const checkDuplicates = defineTask({
  name: 'check-duplicates',
  summary: 'finds pairs with more than one conversation',
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    for await (const { key, ids } of findDuplicates(context)) {
      yield {
        problem: `${ids.length} conversations for ${key}: ${ids.map(String).join(', ')}`,
        details: { participantsKey: key, conversationIds: ids.map(String) },
        counts: { pairs: 1, duplicates: ids.length - 1 },
      };
    }
  },
});
