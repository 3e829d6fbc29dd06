import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react';
import { KeyboardAvoidingView, Platform, StyleSheet, View } from 'react-native';
import type { Conversation, Message, OccasionView } from '@parley/client';
import { useConversation, useMessages, useParley } from '@parley/react';
import { useStyles, useTexts } from '../context.js';
import { useChatActions } from '../list/useChatActions.js';
import { Dialog } from '../parts/Dialog.js';
import { Menu } from '../parts/Menu.js';
import { useAttempt } from '../parts/Toast.js';
import { ReportDialog } from '../people/ReportDialog.js';
import { Search } from '../search/Search.js';
import { titleOf } from '../state.js';
import type { Theme } from '../theme/index.js';
import type { AttachFormKind } from './attachForms.js';
import type { AttachmentTray } from './attachmentTray.js';
import {
  ChatContext,
  ConversationContext,
  useChat,
  useOpenConversation,
  type ChatCommands,
  type ChatContextValue,
} from './chatContext.js';
import { ChatHeader } from './ChatHeader.js';
import { Composer } from './Composer.js';
import { MessageActions } from './MessageActions.js';
import { MessageList } from './MessageList.js';
import { PinnedBar } from './PinnedBar.js';
import type { ChatSlots } from './slots.js';
import { UnknownChat } from './UnknownChat.js';
import { useJump } from './useJump.js';
import { useMode, type ComposerMode } from './useMode.js';
import { useShown, type Shown } from './useShown.js';

// Loaded when they are opened: no part of a first visit.
const GoToDay = lazy(async () => ({ default: (await import('./GoToDay.js')).GoToDay }));
const MessageInfo = lazy(async () => ({ default: (await import('./MessageInfo.js')).MessageInfo }));
const MediaViewer = lazy(async () => ({ default: (await import('../media/MediaViewer.js')).MediaViewer }));

export interface ChatProps extends ChatSlots {
  conversationId: string;
  /** Shows a button before the name. */
  onBack?: (() => void) | undefined;
  /** A press on the name: profile or group. */
  onOpenInfo?: ((conversation: Conversation) => void) | undefined;
  /** A press on the product, seller or order that the chat is about. Without it, a dialog shows what is known. */
  onOpenOccasion?: ((occasion: OccasionView) => void) | undefined;
  /** Message to show first, for links and search results; a new object shows it again. */
  target?: { seq: number } | undefined;
  /** Files of the message that is being written. Default: those of the client, when it has the option `uploads`. */
  attachments?: AttachmentTray | undefined;
  /** Forms in the menu of the button beside the message field, after those for files. Default: a place, where the device knows its position. */
  attachForms?: readonly AttachFormKind[] | undefined;
}

/** One conversation: header, messages, and where one writes. Open while mounted. */
export function Chat(props: ChatProps): ReactNode {
  const conversation = useConversation(props.conversationId);
  if (conversation === undefined) return <UnknownChat {...props} />;
  return <OpenChat key={conversation.id} {...props} conversation={conversation} />;
}

function OpenChat(props: ChatProps & { conversation: Conversation }): ReactNode {
  const {
    conversation,
    conversationId: _id,
    target: firstTarget,
    onBack,
    onOpenInfo,
    onOpenOccasion,
    attachments,
    attachForms,
    ...slots
  } = props;
  const styles = useStyles(createStyles);
  const view = useMessages(conversation.id);
  const [shown, setShown] = useShown(view);
  const [mode, setMode] = useMode(conversation.id);
  const [sentCount, setSentCount] = useState(0);
  const { jumpTo, ...place } = useJump(firstTarget, view);
  const commands = useCommands({ conversation, jumpTo, setShown, setMode });
  const value = useValue(conversation, slots, commands);
  const close = (): void => setShown(undefined);
  const header = slots.renderHeader?.({ conversation }) ?? (
    <Header {...{ conversation, onBack, onOpenInfo, onOpenOccasion, setShown }} />
  );
  return (
    <ChatContext.Provider value={value}>
      <ConversationContext.Provider value={conversation}>
        <KeyboardAvoidingView behavior={Platform.OS === 'ios' ? 'padding' : undefined} style={styles.chat}>
          {header}
          <PinnedBar />
          <MessageList view={view} {...place} sentCount={sentCount} />
          <Composer
            mode={mode}
            setMode={setMode}
            attachments={attachments}
            attachForms={attachForms}
            onSent={() => setSentCount((count) => count + 1)}
          />
          <Suspense fallback={null}>
            {shown !== undefined && <Layer shown={shown} close={close} setShown={setShown} />}
          </Suspense>
        </KeyboardAvoidingView>
      </ConversationContext.Provider>
    </ChatContext.Provider>
  );
}

interface HeaderProps extends Pick<ChatProps, 'onBack' | 'onOpenInfo' | 'onOpenOccasion'> {
  conversation: Conversation;
  setShown: (shown: Shown) => void;
}

const Header = ({ conversation, onBack, onOpenInfo, onOpenOccasion, setShown }: HeaderProps): ReactNode => (
  <ChatHeader
    conversation={conversation}
    onBack={onBack}
    onOpenOccasion={onOpenOccasion}
    onOpenInfo={onOpenInfo === undefined ? undefined : () => onOpenInfo(conversation)}
    onSearch={() => setShown({ kind: 'search' })}
    onMenu={(anchor) => setShown({ kind: 'menu', anchor })}
  />
);

/** Returns the part of the context that never changes while the chat is open. */
function useValue({ id, type }: Conversation, given: ChatSlots, commands: ChatCommands): ChatContextValue {
  const slots = useStable(given);
  return useMemo(
    () => ({ conversationId: id, conversationType: type, slots, commands }),
    [id, type, slots, commands],
  );
}

/** Returns the first of objects with the same properties: the app makes a new one at each rendering. */
function useStable(slots: ChatSlots): ChatSlots {
  const [known, setKnown] = useState(slots);
  const names = new Set([...Object.keys(known), ...Object.keys(slots)]);
  const isSame = [...names].every((name) => Reflect.get(known, name) === Reflect.get(slots, name));
  if (!isSame) setKnown(slots);
  return isSame ? known : slots;
}

interface LayerProps {
  shown: Shown;
  close: () => void;
  setShown: (shown: Shown) => void;
}

/** The dialog or menu that is shown over the chat. */
function Layer({ shown, close, setShown }: LayerProps): ReactNode {
  const t = useTexts();
  const conversation = useOpenConversation();
  const { commands } = useChat();
  const { menuFor } = useChatActions();
  const pictures = (message: Message) => message.attachments.filter(({ kind }) => kind === 'image');
  switch (shown.kind) {
    case 'actions':
      return <MessageActions item={shown.item} anchor={shown.anchor} onClose={close} />;
    case 'menu': {
      const day = { label: t('goToDay'), icon: 'calendar' as const, run: () => setShown({ kind: 'day' }) };
      const items = [day, ...menuFor(conversation)];
      return <Menu label={titleOf(conversation, t)} items={items} anchor={shown.anchor} onClose={close} />;
    }
    case 'media':
      return <MediaViewer pictures={pictures(shown.message)} first={shown.index} onClose={close} />;
    case 'info':
      return <MessageInfo message={shown.message} onClose={close} />;
    case 'report': {
      const { conversationId, seq } = shown.message;
      return <ReportDialog title={t('reportMessageTitle')} about={{ conversationId, seq }} onClose={close} />;
    }
    case 'day':
      return <GoToDay conversation={conversation} onGo={commands.jumpTo} onClose={close} />;
    case 'search':
      return (
        <Dialog title={t('searchHere')} onClose={close} hasOwnScroll>
          <SearchHere onDone={close} />
        </Dialog>
      );
  }
}

function SearchHere({ onDone }: { onDone: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const conversation = useOpenConversation();
  const { commands } = useChat();
  return (
    <View style={styles.search}>
      <Search
        autoFocus
        conversationId={conversation.id}
        onOpenMessage={({ seq }) => {
          onDone();
          commands.jumpTo(seq);
        }}
      />
    </View>
  );
}

interface CommandsInput {
  conversation: Conversation;
  jumpTo: (seq: number) => void;
  setShown: (shown: Shown) => void;
  setMode: (mode: ComposerMode) => void;
}

function useCommands({ conversation, jumpTo, setShown, setMode }: CommandsInput): ChatCommands {
  const parley = useParley();
  const attempt = useAttempt();
  const { id } = conversation;
  return useMemo(
    () => ({
      jumpTo,
      openActions: (item, anchor) => setShown({ kind: 'actions', item, anchor }),
      reply: (message) => setMode({ kind: 'reply', message }),
      edit: (message) => setMode({ kind: 'edit', message }),
      react: (message, emoji) => {
        const isOwn = message.reactions.some((one) => one.emoji === emoji && one.own);
        void attempt(parley.conversation(id).react(message.seq, emoji, !isOwn));
      },
      openMedia: (message, index) => {
        const before = message.attachments.slice(0, index).filter(({ kind }) => kind === 'image');
        setShown({ kind: 'media', message, index: before.length });
      },
      openInfo: (message) => setShown({ kind: 'info', message }),
      report: (message) => setShown({ kind: 'report', message }),
      goToDay: () => setShown({ kind: 'day' }),
    }),
    [parley, attempt, id, jumpTo, setShown, setMode],
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    chat: { flex: 1, minHeight: 0, backgroundColor: colors.page },
    search: { height: 420, maxHeight: '100%' },
  });
