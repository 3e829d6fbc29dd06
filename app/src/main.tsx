import { StrictMode, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { createParleyClient, type ParleyClient, type UserView } from '@parley/client';
import { indexedDbStorage } from '@parley/client/indexeddb';
import { sharedTabs } from '@parley/client/tabs';
import { ParleyProvider } from '@parley/react';
import { createDrafts, ParleyUI, useAsk, useTexts } from '@parley/react-native';
import { webDevice } from '@parley/react-native/web';
import { Home } from './Home.js';
import { usePreferences, type Preferences } from './preferences.js';
import { clearTab, fetchDemoUsers, readSession, tokensOf, writeSession, type Session } from './session.js';
import { SignIn } from './SignIn.js';
import { useAppTexts } from './texts.js';

const storage = indexedDbStorage();
const device = webDevice();
const wanted = new URL(location.href).searchParams.get('as') ?? undefined;

/** The session of this tab, unless the address asks for another demo user. */
function firstSession(): Session | undefined {
  const stored = readSession();
  return wanted === undefined || stored?.userId === wanted ? stored : undefined;
}

function App(): ReactNode {
  const preferences = usePreferences();
  const [session, setSession] = useState(firstSession);
  const choose = useCallback((chosen: Session) => {
    if (readSession()?.userId !== chosen.userId) clearTab();
    writeSession(chosen);
    setSession(chosen);
  }, []);
  const drafts = useMemo(
    () => createDrafts(sessionStorage, `parley.draft.${session?.userId ?? ''}/`),
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
      {session === undefined ? (
        <SignIn wanted={wanted} onSession={choose} />
      ) : (
        <SignedIn key={session.userId} session={session} preferences={preferences} />
      )}
    </ParleyUI>
  );
}

function createClient(session: Session): ParleyClient {
  const client = createParleyClient({
    url: location.origin,
    userId: session.userId,
    getToken: tokensOf(session),
    storage,
    tabs: sharedTabs(),
  });
  client.on('violation', (violation) =>
    // Tests of the app fail on anything that it reports.
    // eslint-disable-next-line no-console
    console.error('The server broke a promise', JSON.stringify(violation)),
  );
  return client;
}

function SignedIn({ session, preferences }: { session: Session; preferences: Preferences }): ReactNode {
  const [client] = useState(() => createClient(session));
  const people = useDemoPeople(session);
  const signOut = useSignOut(client);
  return (
    <ParleyProvider client={client}>
      <Home session={session} people={people} preferences={preferences} onSignOut={() => void signOut()} />
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

/** Removes what this browser holds of the user; asks first when messages are unsent. */
function useSignOut(client: ParleyClient): () => Promise<void> {
  const ask = useAsk();
  const t = useAppTexts();
  const texts = useTexts();
  return async () => {
    const isUnsent = client.state.getSnapshot().outbox.length > 0;
    const choices = [{ label: t('signOut'), value: true }];
    const isSure =
      !isUnsent || (await ask({ title: t('leaveTitle'), text: t('leaveText'), choices })) === true;
    if (!isSure) return;
    await client.logout();
    clearTab();
    // The browser may keep this page for its Back button, as it is.
    document.body.replaceChildren(texts('signedOut'));
    location.replace(location.pathname);
  };
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element to draw in.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
