// A React Native app's code that is bundled by Metro and compiled by Hermes. Only what the SDK needs: no screens.
import { createParleyClient } from '@parley/client';
import { sqliteStorage } from '@parley/client/sqlite';

const rows = [];
const database = {
  execAsync: async () => undefined,
  runAsync: async () => undefined,
  getAllAsync: async () => rows,
};

globalThis.client = createParleyClient({
  url: 'https://chat.example.com',
  storage: sqliteStorage(database),
  getToken: async () => undefined,
  randomUUID: () => '00000000-0000-4000-8000-000000000000',
});
