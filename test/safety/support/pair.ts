import type { ConversationId } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';

/** Two users who have exchanged messages. */
export interface Couple {
  alice: TestClient;
  bob: TestClient;
  conversationId: string;
}

/** Creates a direct conversation with a message of each: 1 is from Alice, 2 from Bob. */
export async function createCouple(server: TestServer): Promise<Couple> {
  const [alice, bob] = await Promise.all([server.connectAs('alice'), server.connectAs('bob')]);
  const conversationId = await alice.open('bob');
  await say(alice, conversationId, 'hello Bob');
  await say(bob, conversationId, 'hello Alice');
  return { alice, bob, conversationId };
}

/** Sends a message, and fails unless it was stored. @returns its `seq`. */
export async function say(client: TestClient, conversationId: string, content: string): Promise<number> {
  const clientMessageId = crypto.randomUUID();
  return (await client.ok('sendMessage', { conversationId, content, clientMessageId })).seq;
}

/** Creates a group of these users; the first one owns it. */
export async function createGroup(
  [owner, ...others]: readonly [TestClient, ...TestClient[]],
  name = 'the group',
): Promise<ConversationId> {
  const participants = others.map(({ userId }) => userId);
  return (await owner.ok('createGroup', { name, participants, history: 'all' })).conversation._id;
}

/** Returns the code of a refusal, or OK. */
export async function codeOf(answer: Promise<{ success: boolean; code?: string }>): Promise<string> {
  const { success, code } = await answer;
  return success ? 'OK' : (code ?? 'no code');
}

/** Resolves when all earlier pushes have arrived. */
export const settle = async (...clients: readonly TestClient[]): Promise<void> => {
  await Promise.all(clients.map((client) => client.ok('getConversations', { limit: 1 })));
};

export const block = (client: TestClient, userId: string, blocked = true) =>
  client.ok('blockUser', { userId, blocked });
