/** A page of an app whose user is signed out: the connection ends before anything is loaded. */
import { createRoot } from 'react-dom/client';
import { View } from 'react-native';
import { createParleyClient } from '@parley/client';
import { ParleyProvider } from '@parley/react';
import { Chat, ConversationList, OfflineBanner, ParleyUI, Search } from '@parley/react-native';

const url = location.hash.slice(1);
const client = createParleyClient({ url, userId: 'alice', getToken: () => Promise.resolve(undefined) });
const ignore = (): void => undefined;

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <ParleyProvider client={client}>
    <ParleyUI>
      <OfflineBanner />
      <View style={{ height: 300 }} testID="list">
        <ConversationList onOpen={ignore} />
      </View>
      <View style={{ height: 300 }} testID="chat">
        <Chat conversationId="64b000000000000000000001" />
      </View>
      <View style={{ height: 300 }} testID="search">
        <Search onOpenMessage={ignore} />
      </View>
    </ParleyUI>
  </ParleyProvider>,
);
