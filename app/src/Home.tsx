import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { StyleSheet, useWindowDimensions, View } from 'react-native';
import type { Conversation, UserView } from '@parley/client';
import { useParley, useParleyEvent, useUnreadCount } from '@parley/react';
import {
  Avatar,
  Chat,
  ConversationList,
  Empty,
  Heading,
  Icon,
  IconButton,
  nameOf,
  OfflineBanner,
  Search,
  Text,
  useClientState,
  useStyles,
  useTexts,
  useToast,
  useUI,
  type Theme,
} from '@parley/react-native';
import { useNotifications } from './platform/notifications.js';
import { showTitle } from './platform/platform.js';
import { goTo, useRoute } from './platform/route.js';
import type { Preferences } from './preferences.js';
import type { Session } from './session.js';
import type { Shown } from './Layer.js';
import { useAppTexts } from './texts/index.js';

// Loaded when one is opened: no part of the first visit.
const Layer = lazy(async () => ({ default: (await import('./Layer.js')).Layer }));

/** Width of the window in pixels from which list and chat are side by side. */
const TWO_PANES = 780;

export interface HomeProps {
  session: Session;
  people: readonly UserView[];
  preferences: Preferences;
  onSignOut: () => void;
}

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
      {shown !== undefined && (
        <Suspense fallback={null}>
          <Layer {...props} shown={shown} setShown={setShown} />
        </Suspense>
      )}
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
