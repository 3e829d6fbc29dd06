import type { ConversationListAnswer, ConversationView, ListInput } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';

/** Returns every page of a list, by cursor to the end. */
export async function walkPages(
  client: TestClient,
  input: Omit<ListInput, 'cursor'> = {},
): Promise<ConversationListAnswer[]> {
  const pages: ConversationListAnswer[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.ok('getConversations', { ...input, ...(cursor && { cursor }) });
    pages.push(page);
    cursor = page.nextCursor;
    if (cursor === undefined) return pages;
  }
}

/** Returns the whole list. */
export async function walkList(
  client: TestClient,
  input: Omit<ListInput, 'cursor'> = {},
): Promise<ConversationView[]> {
  return (await walkPages(client, input)).flatMap(({ conversations }) => conversations);
}

export const idsOf = (conversations: readonly { _id: string }[]): string[] =>
  conversations.map(({ _id }) => _id);

/** Sends a message, and fails unless it was accepted. */
export const say = (client: TestClient, conversationId: string, content = 'hello') =>
  client.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID() });
