import { z } from 'zod';
import { verifyConversations } from '../../../backend/src/models/verify/conversationIssues.js';
import type { Issue } from '../../../backend/src/models/verify/issues.js';
import { defineTask, type Finding } from '../frame/task.js';
import { findDuplicates, helpWithDuplicates } from './duplicates.js';
import { describeHelp } from './help.js';

/** A summary older than its newest message by this many ms is reported: normally it is written within milliseconds. */
const SETTLE_MS = 1_500;

const toFinding = ({ conversationId, issue, what, help }: Issue): Finding => ({
  problem: `conversation ${conversationId}: ${issue}: ${what}${describeHelp(help)}`,
  details: { conversationId, issue, what, ...help },
  counts: { [issue]: 1 },
});

/** Adds ids to `seen`. @returns the number of ids that were new. */
function countNew(seen: Set<string>, ids: readonly string[]): number {
  const before = seen.size;
  for (const id of ids) seen.add(id);
  return seen.size - before;
}

export const addConversationValidation = defineTask({
  name: 'add-conversation-validation',
  summary: 'checks every conversation and reports what is wrong (JSON with --json)',
  help: `The JSON report has exactly five fields: timestamp, totalConversations, validConversations,
conversationsWithIssues, status (valid or issues). --details adds the findings, --report writes the five to a file.
Conversations that were merged or split and correctly redirect to others are not counted.`,
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
    const collections = {
      conversations,
      messages: context.collection('messages'),
      members: context.collection('members'),
      merges: context.collection('merges'),
    };
    const seen = new Set<string>();
    for await (const page of verifyConversations(collections, { settleMs: SETTLE_MS })) {
      context.progress.advance(page.examined);
      const ids = page.issues.map(({ conversationId }) => conversationId);
      const { messages: messagesOfPeople, ended } = page;
      const counts = { totalConversations: page.conversations, conversationsWithIssues: countNew(seen, ids) };
      yield { note: true, counts: { ...counts, messagesOfPeople, ended } };
      yield* page.issues.map(toFinding);
    }
    for await (const found of findDuplicates(context)) {
      const conversationIds = found.ids.map(String);
      const help = await helpWithDuplicates(context, found);
      // The oldest conversation is kept; only the others count as surplus.
      const surplus = countNew(seen, conversationIds.slice(1));
      yield {
        problem: `${conversationIds.length} conversations for ${found.key}: ${conversationIds.join(', ')}${describeHelp(help)}`,
        details: { conversationIds, issue: 'duplicate', what: found.key, ...help },
        counts: { duplicate: conversationIds.length - 1, conversationsWithIssues: surplus },
      };
    }
  },
  summarise: ({ counts }) => [
    `Conversations: ${counts['totalConversations'] ?? 0}, ${counts['conversationsWithIssues'] ?? 0} of them with issues; user messages in them: ${counts['messagesOfPeople'] ?? 0}.`,
    ...((counts['ended'] ?? 0) === 0
      ? []
      : [`Not counted: ${counts['ended']} merged or split conversations, which redirect correctly.`]),
  ],
  fields: ({ counts, problems, startedAt }) => {
    const total = counts['totalConversations'] ?? 0;
    const off = counts['conversationsWithIssues'] ?? 0;
    return {
      timestamp: startedAt.toISOString(),
      totalConversations: total,
      validConversations: total - off,
      conversationsWithIssues: off,
      status: problems === 0 ? 'valid' : 'issues',
    };
  },
});
