import { z } from 'zod';
import { createMetaModel } from '../../../backend/src/models/metaModel.js';
import { defineTask } from '../frame/task.js';

export const renewEpoch = defineTask({
  name: 'renew-epoch',
  summary: 'the last step of a restore from a backup: tells every client to load everything anew',
  help: `After a restore clients hold places of messages that are gone, or that are other messages now. Stop the servers, restore,
run this, start the servers. Running servers notice within a second; clients are told with their next sync.`,
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const meta = createMetaModel(context.connection);
    const before = await meta.findEpoch();
    yield {
      lines: [`epoch ${before?.value ?? '(none yet)'} → a new one`],
      counts: { epochsRenewed: 1 },
      apply: async (journal) => {
        const stored = await context.collection('meta').findOne({ _id: 'epoch' as never });
        if (stored !== null) {
          await journal.write([{ kind: 'note', epoch: stored['value'] as string }]);
          await meta.renewEpoch({ value: String(stored['value']), pulse: Number(stored['pulse'] ?? 0) });
        } else await meta.countLook();
        return undefined;
      },
    };
  },
  entryKinds: [{ kind: 'note', judge: () => Promise.resolve('skip'), undo: () => Promise.resolve() }],
});
