import type { CommandData } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { openChat } from './chat.js';
import { people } from './sharedServer.js';

export interface Scene {
  alice: TestClient;
  /** Alice's other device. */
  tablet: TestClient;
  bob: TestClient;
  conversationId: string;
}

/** Creates two users with a conversation; one of them has two devices. */
export async function createScene(server: TestServer): Promise<Scene> {
  const [one, other] = people('alice', 'bob');
  const conversationId = await openChat(server, [one, other]);
  const [alice, tablet, bob] = await Promise.all([
    server.connectAs(one),
    server.connectAs(one),
    server.connectAs(other),
  ]);
  return { alice, tablet, bob, conversationId };
}

export const everyone = ({ alice, tablet, bob }: Scene): TestClient[] => [alice, tablet, bob];

/** Returns the newest page of messages. */
export const storedMessages = async ({
  bob,
  conversationId,
}: Scene): Promise<CommandData<'getMessages'>['messages']> =>
  (await bob.ok('getMessages', { conversationId })).messages;
