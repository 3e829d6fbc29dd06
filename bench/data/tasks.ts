import { ARCHIVED_AFTER_DAYS, type Expected } from './shape.js';

export type Counts = Readonly<Record<string, number>>;

/** One run of a task of `npm run data`, with its expected result. */
export interface TaskPlan {
  name: string;
  /** Name in the report, if the task runs a second time. */
  label?: string;
  args?: readonly string[];
  exitCode: number;
  /** Unit of the rate, and number of units that the task processes. */
  per: 'messages' | 'conversations' | 'pairs';
  size: (expected: Expected) => number;
  /** Expected counts of the report, by name. */
  counts: (expected: Expected) => Counts;
}

const YES = ['--yes'];

/** Ordered like a real repair: check, set keys, repair, archive, merge, check again. */
export const TASK_PLANS: readonly TaskPlan[] = [
  {
    name: 'check-duplicates',
    exitCode: 1,
    per: 'conversations',
    size: ({ conversations }) => conversations,
    counts: ({ duplicatePairs }) => ({ pairs: duplicatePairs, duplicates: duplicatePairs }),
  },
  {
    name: 'add-conversation-validation',
    exitCode: 1,
    per: 'messages',
    size: ({ messages }) => messages,
    counts: ({ conversations }) => ({ totalConversations: conversations }),
  },
  {
    name: 'verify-message-user-integrity',
    exitCode: 1,
    per: 'messages',
    size: ({ messages }) => messages,
    counts: ({ messages, strangers }) => ({ messages, foreignSender: strangers }),
  },
  {
    name: 'backfill-participants-key',
    args: YES,
    exitCode: 1,
    per: 'conversations',
    size: ({ conversations }) => conversations,
    // If a pair has two chats, the older one gets the key and the other is listed.
    counts: ({ withoutKey, duplicatePairs }) => ({
      keysSet: withoutKey - duplicatePairs,
      duplicates: duplicatePairs,
    }),
  },
  {
    name: 'repair-counters',
    args: YES,
    exitCode: 0,
    per: 'messages',
    size: ({ messages }) => messages,
    counts: ({ countsOff }) => ({ conversationsRepaired: countsOff }),
  },
  {
    name: 'archive-messages',
    exitCode: 0,
    per: 'messages',
    args: [...YES, '--older-than-days', String(ARCHIVED_AFTER_DAYS)],
    size: ({ oldMessages }) => oldMessages,
    counts: ({ oldMessages }) => ({ messages: oldMessages }),
  },
  {
    name: 'cleanup-duplicate-chats',
    args: YES,
    exitCode: 0,
    per: 'pairs',
    size: ({ duplicatePairs }) => duplicatePairs,
    counts: ({ duplicatePairs }) => ({ pairs: duplicatePairs, conversationsMerged: 2 * duplicatePairs }),
  },
  {
    name: 'add-conversation-validation',
    label: 'add-conversation-validation, afterwards',
    exitCode: 0,
    per: 'messages',
    size: ({ messages }) => messages,
    counts: () => ({ conversationsWithIssues: 0 }),
  },
];
