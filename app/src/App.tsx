import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { createParleyClient, type ParleyClient, type UserView } from '@parley/client';
import { withPush, type PushClient } from '@parley/client/push';
import { ParleyProvider } from '@parley/react';
import { createDrafts, ParleyUI } from '@parley/react-native';
import { Entrance, useMayLeave } from './Entrance.js';
import { Home, type HomeProps } from './Home.js';
import { dropCachesOfOthers } from './leftovers.js';
import { useLoad } from './Loading.js';
import {
  clearSession,
  clientOptions,
  device,
  draftValues,
  forgetWantedUser,
  leave,
  onPageRestored,
  pushOptions,
  reload,
  serverAddress,
  wantedUser,
} from './platform/platform.js';
import { PushContext } from './push.js';
import { usePreferences, type Preferences } from './preferences.js';
import { fetchDemoUsers, readSession, tokensOf, type Session } from './session.js';
import { AppTextsProvider } from './texts/index.js';

/** The stored session, unless the address asks for another demo user. */
function firstSession(): Session | undefined {
  const stored = readSession();
  return wantedUser === undefined || stored?.userId === wantedUser ? stored : undefined;
}

/** The whole app: sign-in, or the chats of the user. */
export function App(): ReactNode {
  const preferences = usePreferences();
  const [session, setSession] = useState(firstSession);
  const [wanted, setWanted] = useState(wantedUser);
  const drafts = useMemo(
    () => createDrafts(draftValues, `parley.draft.${session?.userId ?? ''}/`),
    [session?.userId],
  );
  return (
    <ParleyUI
      theme={preferences.theme}
      language={preferences.language}
      locale={preferences.locale}
      device={device}
      drafts={drafts}
    >
      <AppTextsProvider>
        {session === undefined ? (
          <Entrance wanted={wanted} onSession={setSession} />
        ) : (
          <SignedIn
            key={session.userId}
            session={session}
            preferences={preferences}
            onSignedOut={() => setSession(undefined)}
            onEnded={() => {
              setWanted(undefined);
              setSession(undefined);
            }}
          />
        )}
      </AppTextsProvider>
    </ParleyUI>
  );
}

function createClient(session: Session): PushClient {
  const client = createParleyClient({
    url: serverAddress,
    userId: session.userId,
    getToken: tokensOf(session),
    ...clientOptions,
  });
  client.on('violation', (violation) =>
    // eslint-disable-next-line no-console -- Tests of the app fail on anything that it reports.
    console.error('The server broke a promise', JSON.stringify(violation)),
  );
  // Not only when it is mounted: the stored chats are read, and the connection opens, while React draws for the first time.
  client.connect().catch(() => undefined);
  return withPush(client, pushOptions);
}

interface SignedInProps {
  session: Session;
  preferences: Preferences;
  onSignedOut: () => void;
  /** The session stays, so that the sign-in knows whose messages are unsent. */
  onEnded: () => void;
}

function SignedIn({ session, preferences, onSignedOut, onEnded }: SignedInProps): ReactNode {
  const [client] = useState(() => createClient(session));
  const signOut = useSignOut(client, onSignedOut);
  useOnlyUser(session);
  const signIn = (): void => {
    client.dispose().catch(() => undefined);
    onEnded();
  };
  return (
    <ParleyProvider client={client}>
      <PushContext.Provider value={client.push}>
        <Chats
          session={session}
          preferences={preferences}
          onSignOut={() => void signOut()}
          onSignIn={signIn}
        />
      </PushContext.Provider>
    </ParleyProvider>
  );
}

/** Below the provider, whose connection tells when the people can be asked for again. */
function Chats(props: Omit<HomeProps, 'people'>): ReactNode {
  const people = useDemoPeople(props.session);
  return <Home {...props} people={people} />;
}

/** Removes what was loaded for other users, and hides the page of a user who has signed out from the browser's Back button. */
function useOnlyUser({ userId }: Session): void {
  useEffect(() => {
    forgetWantedUser();
    dropCachesOfOthers(userId).catch(() => undefined);
    return onPageRestored(() => {
      if (readSession()?.userId !== userId) reload();
    });
  }, [userId]);
}

const NO_PEOPLE: readonly UserView[] = [];

/** Users of the demo, to start chats with. An app gives those of its own directory. */
function useDemoPeople({ isDemo }: Session): readonly UserView[] {
  const [people, setPeople] = useState(NO_PEOPLE);
  const load = useCallback(async () => {
    try {
      if (isDemo) setPeople(await fetchDemoUsers());
      return true;
    } catch {
      // Until the next connection, those are offered whom this device knows.
      return false;
    }
  }, [isDemo]);
  useLoad(load);
  return people;
}

/** Removes what this device holds of the user; asks first when messages are unsent. */
function useSignOut(client: ParleyClient, onSignedOut: () => void): () => Promise<void> {
  const mayLeave = useMayLeave();
  return async () => {
    if (!(await mayLeave(client.state.getSnapshot().outbox.length))) return;
    await client.logout();
    clearSession();
    if (!leave()) onSignedOut();
  };
}
