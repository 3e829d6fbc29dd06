import { z } from 'zod';
import { verifyMessages } from '../../../backend/src/models/verify/messageIssues.js';
import { defineTask } from '../frame/task.js';

export const verifyMessageUserIntegrity = defineTask({
  name: 'verify-message-user-integrity',
  summary: 'every message has its conversation, and its sender is in it or was',
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    const messages = context.collection('messages');
    context.progress.total(await messages.estimatedDocumentCount(), 'messages');
    const collections = {
      ...{ messages, conversations: context.collection('conversations') },
      members: context.collection('members'),
    };
    for await (const page of verifyMessages(collections)) {
      context.progress.advance(page.messages);
      yield { note: true, counts: { messages: page.messages } };
      for (const { messageId, conversationId, issue, what } of page.issues) {
        yield {
          problem: `message ${messageId} of conversation ${conversationId}: ${what}`,
          details: { messageId, conversationId, issue, what },
          counts: { [issue]: 1 },
        };
      }
    }
  },
});
