import { z } from 'zod';
import { createMetaModel } from '../../../backend/src/models/metaModel.js';
import { defineEntryKind } from '../frame/entryKinds.js';
import { defineTask } from '../frame/task.js';

/** Journal entry with the previous epoch. Undo restores nothing: clients may have seen the new epoch already. */
const note = defineEntryKind({
  kind: 'note',
  schema: z.object({ kind: z.literal('note'), epoch: z.string() }),
  judge: () => Promise.resolve('skip'),
  undo: () => Promise.resolve(),
});

export const renewEpoch = defineTask({
  name: 'renew-epoch',
  summary: 'the last step of a restore from a backup: makes every client reload everything',
  help: `After a restore, clients hold seqs of messages that no longer exist or are different messages now. Stop the servers,
restore, run this, start the servers. Running servers notice within a second; clients are notified by their next sync.`,
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
        } else await meta.incrementPulse();
        return undefined;
      },
    };
  },
  entryKinds: [note],
});
