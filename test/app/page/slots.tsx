/** A page of an app in development that replaces parts of a chat, and counts how often each row is drawn. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Text, View } from 'react-native';
import { createParleyClient } from '@parley/client';
import { ParleyProvider } from '@parley/react';
import {
  Chat,
  createTheme,
  MessageBubble,
  ParleyUI,
  type BubbleProps,
  type ContentProps,
} from '@parley/react-native';

const [, url = '', token = '', conversationId = ''] = location.hash.split('|');
const client = createParleyClient({ url, getToken: () => Promise.resolve(token) });
const theme = createTheme('light', { brand: '#c2185b' });

/** Number of drawings by text of the message. */
const drawn: Record<string, number> = {};
Object.assign(globalThis, { drawn });

const renderBubble = (props: BubbleProps) => {
  drawn[props.item.content] = (drawn[props.item.content] ?? 0) + 1;
  return (
    <View testID="own-bubble">
      <MessageBubble {...props} />
    </View>
  );
};
const renderMessageCard = ({ message }: ContentProps) => <Text>Offer: {message.card?.title}</Text>;
const renderDay = ({ day }: { day: string }) => <Text testID="own-day">{day}</Text>;

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <StrictMode>
    <ParleyProvider client={client}>
      <ParleyUI theme={theme} texts={{ messageField: 'Write', messageTo: 'Write to {name}' }}>
        <View style={{ height: 600 }}>
          <Chat conversationId={conversationId} {...{ renderBubble, renderMessageCard, renderDay }} />
        </View>
      </ParleyUI>
    </ParleyProvider>
  </StrictMode>,
);
