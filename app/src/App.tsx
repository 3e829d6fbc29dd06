import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { createParleyClient, type ParleyClient, type UserView } from '@parley/client';
import { withPush, type PushClient } from '@parley/client/push';
import { ParleyProvider } from '@parley/react';
import { createDrafts, ParleyUI, useAsk } from '@parley/react-native';
import { Home } from './Home.js';
import {
  clearSession,
  clientOptions,
  device,
  draftValues,
  leave,
  pushOptions,
  serverAddress,
  wantedUser,
} from './platform/platform.js';
import { PushContext } from './push.js';
import { usePreferences, type Preferences } from './preferences.js';
import { fetchDemoUsers, readSession, tokensOf, writeSession, type Session } from './session.js';
import { SignIn } from './SignIn.js';
import { AppTextsProvider, useAppTexts } from './texts/index.js';

/** The stored session, unless the address asks for another demo user. */
function firstSession(): Session | undefined {
  const stored = readSession();
  return wantedUser === undefined || stored?.userId === wantedUser ? stored : undefined;
}

/** The whole app: sign-in, or the chats of the user. */
export function App(): ReactNode {
  const preferences = usePreferences();
  const [session, setSession] = useState(firstSession);
  const choose = useCallback((chosen: Session) => {
    if (readSession()?.userId !== chosen.userId) clearSession();
    writeSession(chosen);
    setSession(chosen);
  }, []);
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
          <SignIn wanted={wantedUser} onSession={choose} />
        ) : (
          <SignedIn
            key={session.userId}
            session={session}
            preferences={preferences}
            onSignedOut={() => setSession(undefined)}
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
  return withPush(client, pushOptions);
}

interface SignedInProps {
  session: Session;
  preferences: Preferences;
  onSignedOut: () => void;
}

function SignedIn({ session, preferences, onSignedOut }: SignedInProps): ReactNode {
  const [client] = useState(() => createClient(session));
  const people = useDemoPeople(session);
  const signOut = useSignOut(client, onSignedOut);
  return (
    <ParleyProvider client={client}>
      <PushContext.Provider value={client.push}>
        <Home session={session} people={people} preferences={preferences} onSignOut={() => void signOut()} />
      </PushContext.Provider>
    </ParleyProvider>
  );
}

const NO_PEOPLE: readonly UserView[] = [];

/** Users of the demo, to start chats with. An app gives those of its own directory. */
function useDemoPeople({ isDemo }: Session): readonly UserView[] {
  const [people, setPeople] = useState(NO_PEOPLE);
  useEffect(() => {
    // Without them, people are found by their ids.
    if (isDemo) fetchDemoUsers().then(setPeople, () => undefined);
  }, [isDemo]);
  return people;
}

/** Removes what this device holds of the user; asks first when messages are unsent. */
function useSignOut(client: ParleyClient, onSignedOut: () => void): () => Promise<void> {
  const ask = useAsk();
  const t = useAppTexts();
  return async () => {
    const isUnsent = client.state.getSnapshot().outbox.length > 0;
    const choices = [{ label: t('signOut'), value: true }];
    const isSure =
      !isUnsent || (await ask({ title: t('leaveTitle'), text: t('leaveText'), choices })) === true;
    if (!isSure) return;
    await client.logout();
    clearSession();
    if (!leave()) onSignedOut();
  };
}
