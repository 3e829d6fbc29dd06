import { z } from 'zod';
import { defineTask } from '../frame/task.js';
import { findDuplicates, helpWithDuplicates } from './duplicates.js';
import { describeHelp } from './help.js';

export const checkDuplicates = defineTask({
  name: 'check-duplicates',
  summary: 'finds pairs with more than one conversation',
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    for await (const found of findDuplicates(context)) {
      const { key, ids } = found;
      const help = await helpWithDuplicates(context, found);
      yield {
        problem: `${ids.length} conversations for ${key}: ${ids.map(String).join(', ')}${describeHelp(help)}`,
        details: { participantsKey: key, conversationIds: ids.map(String), ...help },
        counts: { pairs: 1, duplicates: ids.length - 1 },
      };
    }
  },
});
