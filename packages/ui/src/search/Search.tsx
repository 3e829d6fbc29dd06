import { useMemo, useState, type ReactNode } from 'react';
import { Pressable, ScrollView, StyleSheet, View } from 'react-native';
import type { Conversation, Message } from '@parley/client';
import { peerOf } from '@parley/client/selectors';
import { useConversations } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { isolate } from '../bidi.js';
import { cleanText, fits } from '../lengths.js';
import { Busy } from '../parts/Busy.js';
import { Avatar } from '../parts/Avatar.js';
import { Button, IconButton } from '../parts/Buttons.js';
import { Field, INNER_OUTLINE } from '../parts/Fields.js';
import { Heading, Text } from '../parts/Text.js';
import { errorKeyOf } from '../parts/Toast.js';
import { titleOf, useClientState, useNames, useNow, useOwnUserId, useCurrentMessage } from '../state.js';
import { summaryOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useKept } from '../useKept.js';
import { SenderFilter } from './SenderFilter.js';
import { useFound } from './useFound.js';

export interface SearchProps {
  /** Searches in one conversation; without it, in all of them, and in their names. */
  conversationId?: string | undefined;
  onOpenMessage: (message: Message) => void;
  onOpenConversation?: ((conversation: Conversation) => void) | undefined;
  /** Shown while there are no words: the list of chats, for example. */
  children?: ReactNode;
  autoFocus?: boolean | undefined;
  /** The words in the field, when the app keeps them while the search is unmounted. */
  words?: string | undefined;
  onWordsChange?: ((words: string) => void) | undefined;
}

/** Limit of the server for a search. */
const MAX_WORDS_CHARS = 200;
const MAX_CHATS = 8;

/** A field, and what was found below it. */
export function Search(props: SearchProps): ReactNode {
  const { conversationId, children, autoFocus = false } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const [words, setWords] = useKept('', { value: props.words, onChange: props.onWordsChange });
  const label = t(conversationId === undefined ? 'searchAll' : 'searchHere');
  const [senderId, setSenderId] = useState<string>();
  const isEmpty = cleanText(words) === '' && senderId === undefined;
  const isTooLong = !fits(words, MAX_WORDS_CHARS);
  return (
    <View style={styles.search}>
      <View style={styles.field}>
        <Field
          label={label}
          isLabelHidden
          maxChars={MAX_WORDS_CHARS}
          icon="search"
          placeholder={label}
          value={words}
          onChangeText={setWords}
          autoFocus={autoFocus}
          onKeyPress={(event) => {
            if (event.nativeEvent.key !== 'Escape' || words === '') return;
            event.preventDefault();
            setWords('');
          }}
          trailing={
            words === '' ? undefined : (
              <IconButton
                icon="close"
                size={18}
                label={t('clearSearch')}
                onPress={() => setWords('')}
                style={styles.clear}
              />
            )
          }
        />
      </View>
      {conversationId !== undefined && (
        <SenderFilter conversationId={conversationId} senderId={senderId} onChoose={setSenderId} />
      )}
      {isEmpty ? children : !isTooLong && <Results {...props} words={cleanText(words)} senderId={senderId} />}
    </View>
  );
}

function Results(props: SearchProps & { words: string; senderId: string | undefined }): ReactNode {
  const { words, senderId, conversationId, onOpenMessage, onOpenConversation } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { messages, isSearching, errorCode, more } = useFound({ words, conversationId, senderId });
  const chats = useChats(words, conversationId === undefined && onOpenConversation !== undefined);
  const isNothing = !isSearching && errorCode === undefined && messages.length + chats.length === 0;
  return (
    <ScrollView style={styles.results} keyboardShouldPersistTaps="handled">
      {chats.length > 0 && <Title text={t('foundChats')} />}
      {chats.map((chat) => (
        <ChatLine key={chat.id} conversation={chat} onPress={() => onOpenConversation?.(chat)} />
      ))}
      {messages.length > 0 && <Title text={t('foundMessages')} />}
      {messages.map((message) => (
        <MessageLine
          key={message._id}
          message={message}
          showsChat={conversationId === undefined}
          onPress={() => onOpenMessage(message)}
        />
      ))}
      {errorCode !== undefined && (
        <Text role="alert" tone="danger" style={styles.note}>
          {t(errorKeyOf(errorCode))}
        </Text>
      )}
      {isSearching && <Busy style={styles.note} />}
      {isNothing && (
        <Text role="status" tone="soft" style={styles.note}>
          {t('foundNothing')}
        </Text>
      )}
      {more !== undefined && <Button label={t('showMore')} onPress={more} style={styles.more} />}
    </ScrollView>
  );
}

const Title = ({ text }: { text: string }): ReactNode => {
  const styles = useStyles(createStyles);
  return (
    <Heading level={3} tone="soft" style={styles.title}>
      {text}
    </Heading>
  );
};

function useChats(words: string, isWanted: boolean): readonly Conversation[] {
  const t = useTexts();
  const { conversations } = useConversations();
  return useMemo(() => {
    const wanted = words.toLocaleLowerCase();
    const isFound = (one: Conversation): boolean =>
      titleOf(one, t).toLocaleLowerCase().includes(wanted) || one.otherUserId.toLocaleLowerCase() === wanted;
    return isWanted ? conversations.filter(isFound).slice(0, MAX_CHATS) : [];
  }, [conversations, words, isWanted, t]);
}

function ChatLine({ conversation, onPress }: { conversation: Conversation; onPress: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const peer = peerOf(conversation);
  const name = titleOf(conversation, t);
  return (
    <Pressable
      role="button"
      onPress={onPress}
      style={({ hovered }) => [styles.line, INNER_OUTLINE, hovered === true && styles.hover]}
    >
      <Avatar
        id={peer._id}
        name={name}
        picture={peer.avatar}
        size={40}
        isGroup={conversation.type !== 'direct'}
      />
      <Text isBold numberOfLines={1} style={styles.grow}>
        {name}
      </Text>
    </Pressable>
  );
}

interface MessageLineProps {
  message: Message;
  showsChat: boolean;
  onPress: () => void;
}

function MessageLine({ message, showsChat, onPress }: MessageLineProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const nameFor = useNames();
  const { formats } = useUI();
  const now = useNow();
  // It may have been deleted since it was found.
  const current = useCurrentMessage(message) ?? message;
  const text = useClientState((state) => summaryOf(state, current, t));
  const chat = useClientState((state) => state.conversations[message.conversationId]);
  const ownUserId = useOwnUserId();
  const isTold =
    chat === undefined || !showsChat || (chat.type === 'direct' && message.senderId !== ownUserId);
  const place = isTold ? '' : ` · ${isolate(titleOf(chat, t))}`;
  return (
    <Pressable
      role="button"
      testID="found-message"
      onPress={onPress}
      style={({ hovered }) => [styles.line, INNER_OUTLINE, hovered === true && styles.hover]}
    >
      <Avatar
        id={message.senderId}
        name={message.sender.name ?? message.senderId}
        picture={message.sender.avatar}
        size={40}
      />
      <View style={styles.grow}>
        <View style={styles.row}>
          <Text size="small" isBold numberOfLines={1} style={styles.grow}>
            {isolate(nameFor(message.senderId))}
            {place}
          </Text>
          <Text size="tiny" tone="soft">
            {formats.listTime(message.createdAt, now, t('yesterday'))}
          </Text>
        </View>
        <Text size="small" tone="soft" numberOfLines={2} dir="auto">
          {text}
        </Text>
      </View>
    </Pressable>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    search: { flex: 1, minHeight: 0, flexBasis: 'auto' },
    field: { paddingHorizontal: 14, paddingBottom: 4 },
    clear: { minWidth: 32, minHeight: 32 },
    results: { flex: 1 },
    title: { paddingHorizontal: 20, paddingTop: 14, paddingBottom: 4 },
    line: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      minHeight: 60,
      paddingHorizontal: 12,
      paddingVertical: 6,
      marginHorizontal: 8,
      borderRadius: 14,
    },
    hover: { backgroundColor: colors.surfaceHover },
    row: { flexDirection: 'row', alignItems: 'center', gap: 8 },
    grow: { flex: 1, minWidth: 0 },
    note: { padding: 24, textAlign: 'center' },
    more: { margin: 16 },
  });
