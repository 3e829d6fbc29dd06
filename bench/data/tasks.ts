import { ARCHIVED_AFTER_DAYS, type Expected } from './shape.js';

export type Counts = Readonly<Record<string, number>>;

/** One run of a task of `npm run data`, and what it has to come to. */
export interface TaskPlan {
  name: string;
  /** What it is called where it runs a second time. */
  label?: string;
  args?: readonly string[];
  exitCode: number;
  /** What its rate is counted in, and how many it goes through. */
  per: 'messages' | 'conversations' | 'pairs';
  size: (expected: Expected) => number;
  /** What its report has to say, by name of the count. */
  counts: (expected: Expected) => Counts;
}

const YES = ['--yes'];

/** In the order of a repair: look, key, repair, archive, merge, look again. */
export const TASK_PLANS: readonly TaskPlan[] = [
  {
    ...{ name: 'check-duplicates', exitCode: 1, per: 'conversations' },
    size: ({ conversations }) => conversations,
    counts: ({ duplicatePairs }) => ({ pairs: duplicatePairs, duplicates: duplicatePairs }),
  },
  {
    ...{ name: 'add-conversation-validation', exitCode: 1, per: 'messages' },
    size: ({ messages }) => messages,
    counts: ({ conversations }) => ({ totalConversations: conversations }),
  },
  {
    ...{ name: 'verify-message-user-integrity', exitCode: 1, per: 'messages' },
    size: ({ messages }) => messages,
    counts: ({ messages, strangers }) => ({ messages, foreignSender: strangers }),
  },
  {
    ...{ name: 'backfill-participants-key', args: YES, exitCode: 1, per: 'conversations' },
    size: ({ conversations }) => conversations,
    // Of two chats of one pair the older gets the key, the other is listed.
    counts: ({ withoutKey, duplicatePairs }) => ({
      keysSet: withoutKey - duplicatePairs,
      duplicates: duplicatePairs,
    }),
  },
  {
    ...{ name: 'repair-counters', args: YES, exitCode: 0, per: 'messages' },
    size: ({ messages }) => messages,
    counts: ({ countsOff }) => ({ conversationsRepaired: countsOff }),
  },
  {
    ...{ name: 'archive-messages', exitCode: 0, per: 'messages' },
    args: [...YES, '--older-than-days', String(ARCHIVED_AFTER_DAYS)],
    size: ({ oldMessages }) => oldMessages,
    counts: ({ oldMessages }) => ({ messages: oldMessages }),
  },
  {
    ...{ name: 'cleanup-duplicate-chats', args: YES, exitCode: 0, per: 'pairs' },
    size: ({ duplicatePairs }) => duplicatePairs,
    counts: ({ duplicatePairs }) => ({ pairs: duplicatePairs, conversationsMerged: 2 * duplicatePairs }),
  },
  {
    ...{ name: 'add-conversation-validation', label: 'add-conversation-validation, afterwards', exitCode: 0 },
    per: 'messages',
    size: ({ messages }) => messages,
    counts: () => ({ conversationsWithIssues: 0 }),
  },
];
