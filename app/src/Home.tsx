import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { StyleSheet, useWindowDimensions, View } from 'react-native';
import type { Conversation, ConversationFilter, UserView } from '@parley/client';
import { pendingOf } from '@parley/client/selectors';
import { useParley, useParleyEvent, useUnreadCount } from '@parley/react';
import {
  anchorOf,
  Avatar,
  Chat,
  ConversationList,
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
import { goBack, goTo, replaceByList, useBackKey, useRoute } from './platform/route.js';
import type { Preferences } from './preferences.js';
import type { Session } from './session.js';
import type { Shown } from './Layer.js';
import { useAppTexts } from './texts/index.js';
import { Welcome } from './Welcome.js';

// Loaded afterwards: no part of the first visit.
const Layer = lazy(async () => ({ default: (await import('./Layer.js')).Layer }));
const Matches = lazy(async () => ({ default: (await import('./matches/Matches.js')).Matches }));

/** Addresses of files that are stored elsewhere: a server in production does not take them by default. */
const DEMO_FORMS = ['address', 'place', 'product'] as const;
const FORMS = ['place', 'product'] as const;

/** Width of the window in pixels from which list and chat are side by side. */
const TWO_PANES = 780;
/** Height of the window in pixels from which the user stands in a line of their own below the list. */
const TALL = 440;

/** Height of the matches in pixels: their place, until they are loaded. The list would move from under the pointer. */
const MATCHES_HEIGHT = 123;

export interface HomeProps {
  session: Session;
  people: readonly UserView[];
  preferences: Preferences;
  onSignOut: () => void;
  /** Shows the sign-in, and keeps what this device holds of the user. */
  onSignIn: () => void;
}

/** The list of chats, and the open one beside it or in its place. */
export function Home(props: HomeProps): ReactNode {
  const styles = useStyles(createStyles);
  const texts = useTexts();
  const { conversationId } = useRoute();
  const isWide = useWindowDimensions().width >= TWO_PANES;
  const [shown, setShown] = useState<Shown>();
  useTitle();
  useNotifications();
  useRemovals(conversationId);
  useBackKey();
  const showsList = isWide || conversationId === undefined;
  const lastOpenId = useLast(conversationId);
  const kept = useListState();
  return (
    <View style={styles.app}>
      <OfflineBanner onSignIn={props.onSignIn} />
      <View style={styles.panes}>
        {showsList && (
          <View role="navigation" aria-label={texts('chats')} style={[styles.side, isWide && styles.narrow]}>
            <Side
              {...props}
              openId={conversationId}
              lastOpenId={conversationId === undefined ? lastOpenId : undefined}
              kept={kept}
              setShown={setShown}
            />
          </View>
        )}
        {(isWide || conversationId !== undefined) && (
          <View role="main" style={styles.main}>
            <Main {...props} isWide={isWide} setShown={setShown} />
          </View>
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

interface MainProps extends HomeProps {
  isWide: boolean;
  setShown: (shown: Shown) => void;
}

/** The open chat; or the request to open one. */
function Main({ session, people, isWide, setShown }: MainProps): ReactNode {
  const { conversationId, target } = useRoute();
  if (conversationId === undefined) return <Welcome session={session} people={people} />;
  return (
    <Chat
      conversationId={conversationId}
      target={target}
      attachForms={session.isDemo ? DEMO_FORMS : FORMS}
      onBack={isWide ? undefined : goBack}
      onOpenInfo={(conversation) => setShown({ kind: 'info', conversation })}
    />
  );
}

type ListState = ReturnType<typeof useListState>;

/** Filter and search of the list: on phones, the list is unmounted while a chat is open. */
function useListState() {
  const [filter, onFilterChange] = useState<ConversationFilter>('all');
  const [words, onWordsChange] = useState('');
  return { list: { filter, onFilterChange }, search: { words, onWordsChange } };
}

interface SideProps extends HomeProps {
  openId: string | undefined;
  lastOpenId: string | undefined;
  kept: ListState;
  setShown: (shown: Shown) => void;
}

function Side({ session, people, openId, lastOpenId, kept, setShown }: SideProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const { colors } = useUI().theme;
  const isTall = useWindowDimensions().height >= TALL;
  const buttons = <OwnButtons session={session} setShown={setShown} />;
  return (
    <>
      <View style={[styles.head, !isTall && styles.low]}>
        {isTall && <Icon name="logo" size={28} color={colors.accent} />}
        <Heading level={1} size="heading" style={styles.grow}>
          {texts('chats')}
        </Heading>
        {!isTall && buttons}
        <IconButton
          icon="plus"
          tone="primary"
          label={t('newItem')}
          onPress={(event) => setShown({ kind: 'new', anchor: anchorOf(event) })}
        />
      </View>
      <Search
        {...kept.search}
        onOpenMessage={(message) => goTo(message.conversationId, message.seq)}
        onOpenConversation={({ id }) => goTo(id)}
      >
        <ConversationList
          openId={openId}
          lastOpenId={lastOpenId}
          {...kept.list}
          header={
            session.isDemo && (
              <View style={styles.matches}>
                <Suspense fallback={null}>
                  <Matches userId={session.userId} people={people} openId={openId} />
                </Suspense>
              </View>
            )
          }
          onOpen={openConversation}
          onNewChat={() => setShown({ kind: 'newChat' })}
        />
      </Search>
      {isTall && <Foot session={session}>{buttons}</Foot>}
    </>
  );
}

function OwnButtons({ session, setShown }: Pick<SideProps, 'session' | 'setShown'>): ReactNode {
  const t = useAppTexts();
  return (
    <>
      {session.isModerator === true && (
        <IconButton icon="flag" label={t('moderation')} onPress={() => setShown({ kind: 'moderation' })} />
      )}
      <IconButton icon="settings" label={t('settings')} onPress={() => setShown({ kind: 'settings' })} />
    </>
  );
}

/** The user of this window. */
function Foot({ session, children }: { session: Session; children: ReactNode }): ReactNode {
  const styles = useStyles(createStyles);
  const texts = useTexts();
  const me = useClientState((state) => state.users[session.userId]);
  const user = me ?? { _id: session.userId, name: session.name };
  return (
    <View style={styles.foot}>
      <Avatar id={user._id} name={nameOf(user, texts)} picture={user.avatar} size={36} />
      <Text isBold numberOfLines={1} style={styles.grow} testID="me">
        {nameOf(user, texts)}
      </Text>
      {children}
    </View>
  );
}

/** Returns the last value that was not undefined. */
function useLast(id: string | undefined): string | undefined {
  const [last, setLast] = useState(id);
  if (id !== undefined && id !== last) setLast(id);
  return last;
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

/**
 * Leaves a conversation that is gone or refused, and says so when the user was removed from it. Stays while messages in it are
 * unsent: they are shown nowhere else.
 */
function useRemovals(conversationId = ''): void {
  const t = useAppTexts();
  const show = useToast();
  const { conversations } = useParley();
  const isHeld = useClientState((state) => state.conversations[conversationId] !== undefined);
  const isUnsent = useClientState((state) => pendingOf(state, conversationId).length > 0);
  const isLinked = useClientState(({ connection }) => connection.status === 'online');
  // A cache that was dropped is loaded again.
  const generation = useClientState((state) => state.generation);
  const before = useRef<string>(undefined);
  const held = isHeld ? `${conversationId} ${generation}` : undefined;
  useEffect(() => {
    const isGone = held === undefined && before.current === `${conversationId} ${generation}`;
    before.current = held;
    if (conversationId === '' || isHeld || isUnsent) return;
    if (isGone) replaceByList();
    else if (isLinked)
      conversations.get(conversationId).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && REFUSED.has(String(error.code))) replaceByList();
      });
  }, [conversations, conversationId, generation, held, isHeld, isUnsent, isLinked]);
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
    low: { paddingVertical: 2 },
    matches: { minHeight: MATCHES_HEIGHT },
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
