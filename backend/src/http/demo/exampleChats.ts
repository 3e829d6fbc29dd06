import type { OccasionInput } from '../../../../contract/index.js';
import { createRunAs } from '../../commands/server/index.js';
import type { CommandHandlers } from '../../commands/types.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Services } from '../../services/index.js';
import { AppError } from '../../utils/appError.js';
import { EXAMPLE_CHATS, type ExampleChat } from './exampleTexts.js';

export interface ExampleDeps {
  conversations: Services['conversations'];
  pipeline: Pipeline;
  commands: CommandHandlers;
}

/**
 * Returns a function that makes the example chats, at its first call. Pairs that have a chat keep it as it is, so that nothing
 * comes back that a user has deleted or closed. Several processes may do it at once: every step can be repeated.
 */
export function createExampleChats(deps: ExampleDeps): () => Promise<void> {
  let making: Promise<void> | undefined;
  return () => {
    making ??= makeAll(deps).catch((error: unknown) => {
      // The next call tries again.
      making = undefined;
      throw error;
    });
    return making;
  };
}

async function makeAll(deps: ExampleDeps): Promise<void> {
  for (const chat of EXAMPLE_CHATS) {
    if (!(await isNew(deps, chat))) continue;
    try {
      await make(deps, chat);
    } catch (error) {
      // One of the two has blocked the other before they had a chat.
      if (!(error instanceof AppError && error.code === 'BLOCKED')) throw error;
    }
  }
}

/** True when the pair has no chat, or one that an earlier attempt has left without its messages. */
async function isNew({ conversations }: ExampleDeps, { users: [one, other] }: ExampleChat): Promise<boolean> {
  const found = await conversations.findDirect(one, other);
  return found === undefined || (found.lastSeq === 0 && found.closedBy === undefined);
}

async function make(deps: ExampleDeps, { users, occasions, messages }: ExampleChat): Promise<void> {
  const runAs = createRunAs(deps);
  const [starter, otherUserId] = users;
  const open = (occasion: OccasionInput) => runAs(starter, 'getOrCreateDirect', { otherUserId, occasion });
  let conversationId: string | undefined;
  for (const occasion of occasions) conversationId = (await open(occasion)).conversation._id;
  for (const [index, { from, ...content }] of messages.entries()) {
    // Equal in every process: a message is stored once.
    const clientMessageId = `example-${users.join('-')}-${index}`;
    await runAs(from, 'sendMessage', { conversationId, clientMessageId, content: '', ...content });
  }
}
