/**
 * Remedy for a finding: the task of `npm run data` that repairs it. Where a person has to decide, it is the
 * command that shows the document in question. A task that has run must not be named again:
 * `test/data/repairProperty.test.ts` tests this.
 */
export type Remedy = { task: string } | { look: string };

/** Shows a conversation or a message. */
export const showCommand = (id: unknown): Remedy => ({ look: `show ${String(id)}` });

export const TASK = {
  repair: { task: 'repair-counters' },
  place: { task: 'place-messages' },
  merge: { task: 'cleanup-duplicate-chats' },
  split: { task: 'split-group-conversations' },
  key: { task: 'backfill-participants-key' },
} satisfies Record<string, Remedy>;
