import { registerRootComponent } from 'expo';
import { createParleyClient } from '@parley/client';
import { sqliteStorage } from '@parley/client/sqlite';
import { ParleyProvider, nativeLifecycle } from '@parley/react';
import { openDatabaseAsync } from 'expo-sqlite';
import NetInfo from '@react-native-community/netinfo';
import { AppState, Text } from 'react-native';
const client = createParleyClient({
  url: 'https://chat.example.com',
  getToken: async () => 'x',
  storage: sqliteStorage(() => openDatabaseAsync('parley.db')),
  lifecycle: nativeLifecycle(AppState, NetInfo),
});
registerRootComponent(() => <ParleyProvider client={client}><Text>Hi</Text></ParleyProvider>);
