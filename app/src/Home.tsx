import { useEffect, useRef, useState, type ReactNode } from 'react';
import { StyleSheet, useWindowDimensions, View } from 'react-native';
import type { Conversation, UserView } from '@parley/client';
import { useParley, useParleyEvent, useUnreadCount } from '@parley/react';
import {
  Avatar,
  Chat,
  ConversationList,
  Dialog,
  Empty,
  GroupInfo,
  Heading,
  Icon,
  IconButton,
  MemberPicker,
  Menu,
  nameOf,
  NewGroup,
  OfflineBanner,
  Search,
  Text,
  useAttempt,
  useClientState,
  UserProfile,
  useStyles,
  useTexts,
  useToast,
  useUI,
  type Anchor,
  type Theme,
} from '@parley/react-native';
import { useNotifications } from './platform/notifications.js';
import { Moderation } from './moderation/Moderation.js';
import { showTitle } from './platform/platform.js';
import { goTo, useRoute } from './platform/route.js';
import type { Preferences } from './preferences.js';
import type { Session } from './session.js';
import { Settings } from './Settings.js';
import { useAppTexts } from './texts.js';

/** Width of the window in pixels from which list and chat are side by side. */
const TWO_PANES = 780;

export interface HomeProps {
  session: Session;
  people: readonly UserView[];
  preferences: Preferences;
  onSignOut: () => void;
}

type Shown =
  | { kind: 'new'; anchor: Anchor }
  | { kind: 'settings' | 'moderation' | 'newChat' | 'newGroup' | 'newChannel' }
  | { kind: 'info'; conversation: Conversation };

/** The list of chats, and the open one beside it or in its place. */
export function Home(props: HomeProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const { conversationId, target } = useRoute();
  const isWide = useWindowDimensions().width >= TWO_PANES;
  const [shown, setShown] = useState<Shown>();
  useTitle();
  useNotifications();
  useRemovals(conversationId);
  const showsList = isWide || conversationId === undefined;
  return (
    <View style={styles.app}>
      <OfflineBanner />
      <View style={styles.panes}>
        {showsList && (
          <View role="navigation" aria-label={texts('chats')} style={[styles.side, isWide && styles.narrow]}>
            <Side {...props} openId={conversationId} setShown={setShown} />
          </View>
        )}
        {conversationId !== undefined ? (
          <View role="main" style={styles.main}>
            <Chat
              conversationId={conversationId}
              target={target}
              onBack={isWide ? undefined : () => goTo()}
              onOpenInfo={(conversation) => setShown({ kind: 'info', conversation })}
            />
          </View>
        ) : (
          isWide && (
            <View role="main" style={styles.main}>
              <Empty icon="logo" title={t('pick')} hint={props.session.isDemo ? t('pickHint') : undefined} />
            </View>
          )
        )}
      </View>
      {shown !== undefined && <Layer {...props} shown={shown} setShown={setShown} />}
    </View>
  );
}

interface SideProps extends HomeProps {
  openId: string | undefined;
  setShown: (shown: Shown) => void;
}

function Side({ session, openId, setShown }: SideProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const { colors } = useUI().theme;
  const me = useClientState((state) => state.users[session.userId]);
  const user = me ?? { _id: session.userId, name: session.name };
  return (
    <>
      <View style={styles.head}>
        <Icon name="logo" size={28} color={colors.accent} />
        <Heading level={1} size="heading" style={styles.grow}>
          {texts('chats')}
        </Heading>
        <IconButton
          icon="plus"
          tone="primary"
          label={t('newItem')}
          onPress={({ nativeEvent: { pageX, pageY } }) =>
            setShown({ kind: 'new', anchor: { x: pageX, y: pageY } })
          }
        />
      </View>
      <Search
        onOpenMessage={(message) => goTo(message.conversationId, message.seq)}
        onOpenConversation={({ id }) => goTo(id)}
      >
        <ConversationList
          openId={openId}
          onOpen={openConversation}
          onNewChat={() => setShown({ kind: 'newChat' })}
        />
      </Search>
      <View style={styles.foot}>
        <Avatar id={user._id} name={nameOf(user, texts)} picture={user.avatar} size={36} />
        <Text isBold numberOfLines={1} style={styles.grow} testID="me">
          {nameOf(user, texts)}
        </Text>
        {session.isModerator === true && (
          <IconButton icon="flag" label={t('moderation')} onPress={() => setShown({ kind: 'moderation' })} />
        )}
        <IconButton icon="settings" label={t('settings')} onPress={() => setShown({ kind: 'settings' })} />
      </View>
    </>
  );
}

const openConversation = ({ id }: Conversation): void => goTo(id);

interface LayerProps extends HomeProps {
  shown: Shown;
  setShown: (shown: Shown | undefined) => void;
}

function Layer({ shown, setShown, preferences, people, onSignOut }: LayerProps): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const close = (): void => setShown(undefined);
  const openNew = ({ id }: Conversation): void => {
    close();
    goTo(id);
  };
  switch (shown.kind) {
    case 'settings':
      return <Settings preferences={preferences} onSignOut={onSignOut} onClose={close} />;
    case 'moderation':
      return <Moderation onClose={close} />;
    case 'new':
      return (
        <Menu
          label={t('newItem')}
          anchor={shown.anchor}
          onClose={close}
          items={[
            { label: texts('newChat'), icon: 'general', run: () => setShown({ kind: 'newChat' }) },
            { label: texts('newGroup'), icon: 'group', run: () => setShown({ kind: 'newGroup' }) },
            { label: texts('newChannel'), icon: 'bell', run: () => setShown({ kind: 'newChannel' }) },
          ]}
        />
      );
    case 'newChat':
      return <NewChat people={people} onClose={close} />;
    case 'newGroup':
      return <NewGroup type="group" people={people} onCreated={openNew} onClose={close} />;
    case 'newChannel':
      return <NewGroup type="channel" people={people} onCreated={openNew} onClose={close} />;
    case 'info':
      return <Info conversation={shown.conversation} people={people} onClose={close} />;
  }
}

interface NewChatProps {
  people: readonly UserView[];
  onClose: () => void;
}

function NewChat({ people, onClose }: NewChatProps): ReactNode {
  const texts = useTexts();
  const open = useOpenUser(onClose);
  return (
    <Dialog title={texts('newChat')} onClose={onClose} hasOwnScroll>
      <MemberPicker people={people} onPick={open} />
    </Dialog>
  );
}

/** Opens the direct chat with a user, and creates it if there is none. */
function useOpenUser(onDone: () => void): (user: UserView) => void {
  const { conversations } = useParley();
  const attempt = useAttempt();
  return ({ _id }) =>
    void attempt(conversations.getOrCreateDirect(_id)).then((found) => {
      if (found === undefined) return;
      onDone();
      goTo(found.value.conversation.id);
    });
}

/** Current state of the conversation that the information was opened for. */
function Info({ conversation, people, onClose }: NewChatProps & { conversation: Conversation }): ReactNode {
  const { conversations } = useParley();
  const openUser = useOpenUser(onClose);
  const current = useClientState(() =>
    conversations
      .list()
      .getSnapshot()
      .conversations.find(({ id }) => id === conversation.id),
  );
  const shown = current ?? conversation;
  return shown.type === 'direct' ? (
    <UserProfile conversation={shown} onClose={onClose} />
  ) : (
    <GroupInfo conversation={shown} people={people} onOpenUser={openUser} onClose={onClose} />
  );
}

/** Number of unread messages in the title: a tab in the background shows nothing else. */
function useTitle(): void {
  const unread = useUnreadCount();
  useEffect(() => {
    showTitle(unread === 0 ? 'Parley' : `(${unread}) Parley`);
  }, [unread]);
}

const REFUSED = new Set(['NOT_FOUND', 'NOT_PARTICIPANT', 'FORBIDDEN', 'VALIDATION']);

/** Leaves a conversation that is gone or refused, and says so when the user was removed from it. */
function useRemovals(conversationId: string | undefined): void {
  const t = useAppTexts();
  const show = useToast();
  const { conversations } = useParley();
  const held = useClientState((state) =>
    conversationId !== undefined && state.conversations[conversationId] !== undefined
      ? conversationId
      : undefined,
  );
  const isLinked = useClientState(({ connection }) => connection.status === 'online');
  const before = useRef(held);
  useEffect(() => {
    const isGone = before.current !== undefined && before.current === conversationId && held === undefined;
    before.current = held;
    if (isGone) goTo();
    if (isGone || conversationId === undefined || held !== undefined || !isLinked) return;
    conversations.get(conversationId).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && REFUSED.has(String(error.code))) goTo();
    });
  }, [conversations, conversationId, held, isLinked]);
  useParleyEvent('conversationRemoved', ({ name = '', reason }) => {
    if (reason === 'removed') show(t('removedFrom', name));
  });
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    app: { flex: 1, minHeight: 0, backgroundColor: colors.page },
    panes: { flex: 1, minHeight: 0, flexDirection: 'row' },
    side: { flex: 1, minHeight: 0, backgroundColor: colors.surface },
    narrow: {
      flexGrow: 0,
      flexShrink: 0,
      flexBasis: 360,
      borderEndWidth: 1,
      borderEndColor: colors.line,
    },
    main: { flex: 1, minWidth: 0, minHeight: 0 },
    head: { flexDirection: 'row', alignItems: 'center', gap: 10, paddingHorizontal: 16, paddingVertical: 12 },
    grow: { flex: 1, minWidth: 0 },
    foot: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      paddingHorizontal: 16,
      paddingVertical: 8,
      borderTopWidth: 1,
      borderTopColor: colors.line,
    },
  });
