// A browser app that is bundled by Vite.
import { createParleyClient } from '@parley/client';
import { indexedDbStorage } from '@parley/client/indexeddb';

const client = createParleyClient({
  url: location.origin,
  storage: indexedDbStorage(),
  getToken: async () => (await fetch('/token')).text(),
});
client.on('messageReceived', (message) => document.body.append(message.content));
void client.connect();
