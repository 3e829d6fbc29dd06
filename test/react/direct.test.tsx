import type { ReactNode } from 'react';
import { test } from 'vitest';
import { createParleyClient } from '@parley/client';
import { ParleyProvider, useConversations, useDirectConversation } from '@parley/react';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';
import { renderPage } from './support/dom.js';

const server = sharedServer();

function Direct({ otherUserId }: { otherUserId: string }): ReactNode {
  const { conversation } = useDirectConversation(otherUserId);
  const { conversations } = useConversations();
  return `${conversation?.id ?? 'none'}, listed: ${conversations.length}`;
}

test('a conversation that was deleted, or archived, is found by its user, and not listed', async () => {
  const [alice, bob] = people('alice', 'bob');
  const sender = await server().connectAs(bob);
  const id = await sender.open(alice);
  await sender.send(id, 'hello');
  const getToken = () => Promise.resolve(server().token(alice));
  const client = createParleyClient({ url: server().url, getToken });
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Direct otherUserId={bob} />
    </ParleyProvider>,
  );
  await until(() => page.text() === `${id}, listed: 1`);
  await client.conversation(id).updateSettings({ archived: true });
  await until(() => page.text() === `${id}, listed: 0`);
  await client.conversation(id).deleteForMe();
  await until(() => client.state.getSnapshot().conversations[id]?.isDeleted === true);
  await until(() => page.text() === `${id}, listed: 0`);
  await sender.send(id, 'back');
  await until(() => page.text() === `${id}, listed: 1`);
  await client.dispose();
});
