import { z } from 'zod';
import { verifyConversations } from '../../../backend/src/models/verify/conversationIssues.js';
import { defineTask } from '../frame/task.js';
import { findDuplicates } from './duplicates.js';

/** A summary that is behind its messages for longer than this is not being written, in ms. */
const SETTLE_MS = 1_500;

export const addConversationValidation = defineTask({
  name: 'add-conversation-validation',
  summary: 'looks at every conversation and reports what is wrong (JSON with --json)',
  help:
    'The report has timestamp, totalConversations, validConversations, conversationsWithIssues, status (valid or issues)\n' +
    'and details, one for each thing that is wrong.',
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
    const collections = {
      ...{ conversations, messages: context.collection('messages') },
      members: context.collection('members'),
    };
    for await (const page of verifyConversations(collections, { settleMs: SETTLE_MS })) {
      context.progress.advance(page.conversations);
      yield {
        note: true,
        counts: { totalConversations: page.conversations, conversationsWithIssues: page.withIssues },
      };
      for (const { conversationId, issue, what } of page.issues) {
        yield {
          problem: `conversation ${conversationId}: ${issue}: ${what}`,
          details: { conversationId, issue, what },
          counts: { [issue]: 1 },
        };
      }
    }
    for await (const { key, ids } of findDuplicates(context)) {
      const conversationIds = ids.map(String);
      yield {
        problem: `${ids.length} conversations for ${key}: ${conversationIds.join(', ')}`,
        details: { conversationIds, issue: 'duplicate', what: key },
        counts: { duplicate: ids.length - 1 },
      };
    }
  },
  fields: ({ counts, problems, startedAt }) => {
    const total = counts['totalConversations'] ?? 0;
    const off = Math.min(total, (counts['conversationsWithIssues'] ?? 0) + (counts['duplicate'] ?? 0));
    return {
      timestamp: startedAt.toISOString(),
      totalConversations: total,
      validConversations: total - off,
      conversationsWithIssues: off,
      status: problems === 0 ? 'valid' : 'issues',
    };
  },
});
