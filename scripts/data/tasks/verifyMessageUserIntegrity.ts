import { z } from 'zod';
import { verifyMessages } from '../../../backend/src/models/verify/messageIssues.js';
import { defineTask } from '../frame/task.js';
import { describeHelp } from './help.js';

export const verifyMessageUserIntegrity = defineTask({
  name: 'verify-message-user-integrity',
  summary: 'checks that every message has a conversation and that its sender is or was a member',
  kind: 'check',
  schema: z.object({}),
  async *steps(context) {
    const messages = context.collection('messages');
    context.progress.total(await messages.estimatedDocumentCount(), 'messages');
    const collections = {
      messages,
      conversations: context.collection('conversations'),
      members: context.collection('members'),
    };
    for await (const page of verifyMessages(collections)) {
      context.progress.advance(page.messages);
      yield { note: true, counts: { messages: page.messages } };
      for (const { messageId, conversationId, issue, what, help } of page.issues) {
        yield {
          problem: `message ${messageId} of conversation ${conversationId}: ${what}${describeHelp(help)}`,
          details: { messageId, conversationId, issue, what, ...help },
          counts: { [issue]: 1 },
        };
      }
    }
  },
});
