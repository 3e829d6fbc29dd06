import type { ReactNode } from 'react';
import { Pressable, StyleSheet } from 'react-native';
import type { ClientState, Message } from '@parley/client';
import { isMessage, logOf, readersOf } from '@parley/client/selectors';
import { useTexts, type Translate } from '../context.js';
import { Text } from '../parts/Text.js';
import { nameIn, useClientState } from '../state.js';
import { useChat } from './chatContext.js';

const MAX_NAMES = 3;

/** Members who have read the newest of one's own messages in a small group; a press shows when. */
export function SeenBy({ message }: { message: Message }): ReactNode {
  const t = useTexts();
  const { commands } = useChat();
  const text = useClientState((state) => seenByText(state, message, t));
  if (text === undefined) return null;
  return (
    <Pressable role="button" onPress={() => commands.openInfo(message)} style={styles.line} testID="seen-by">
      <Text size="tiny" tone="soft">
        {text}
      </Text>
    </Pressable>
  );
}

function seenByText(state: ClientState, message: Message, t: Translate): string | undefined {
  const { conversationId, seq, deletedAt } = message;
  const conversation = state.conversations[conversationId];
  if (conversation === undefined || conversation.isLarge || deletedAt !== undefined) return undefined;
  if (seq !== lastOwnSeq(state, conversationId)) return undefined;
  const readers = readersOf(conversation, message);
  if (readers.length === 0) return undefined;
  if (readers.length > MAX_NAMES) return t.count('seenByMany', readers.length);
  return t('seenBy', { names: readers.map((id) => nameIn(state, id, t)).join(t('comma')) });
}

/** `seq` of the newest message of the user, system messages excluded. */
function lastOwnSeq(state: ClientState, conversationId: string): number | undefined {
  const log = logOf(state, conversationId);
  for (let index = log.length - 1; index >= 0; index -= 1) {
    const entry = log[index];
    const isOwn = entry !== undefined && isMessage(entry) && entry.senderId === state.userId;
    if (isOwn && entry.kind !== 'system') return entry.seq;
  }
  return undefined;
}

const styles = StyleSheet.create({
  line: { minHeight: 24, justifyContent: 'center', paddingHorizontal: 6 },
});
