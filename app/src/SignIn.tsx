import { useEffect, useState, type ReactNode } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import {
  Busy,
  Button,
  Field,
  Heading,
  Icon,
  PersonLine,
  Text,
  useStyles,
  useUI,
  type Theme,
} from '@parley/react-native';
import { demoSession, fetchDemoUsers, tokenSession, type DemoUser, type Session } from './session.js';
import { useAppTexts } from './texts/index.js';

const RETRY_MS = 2_000;

export interface SignInProps {
  /** A demo user's id, from the address. */
  wanted: string | undefined;
  onSession: (session: Session) => void;
}

/** Choice of a user: one of the demo's, or the one of a token. */
export function SignIn({ wanted, onSession }: SignInProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const { colors } = useUI().theme;
  const { users, isUnreachable } = useDemoUsers();
  const asked = users?.find(({ _id }) => _id === wanted);
  useEffect(() => {
    if (asked !== undefined) onSession(demoSession(asked));
  }, [asked, onSession]);
  const lead = leadOf(users, wanted);
  return (
    <ScrollView style={styles.page} contentContainerStyle={styles.center}>
      <View role="main" style={styles.card}>
        <View style={styles.brand}>
          <Icon name="logo" size={40} color={colors.accent} />
          <Heading level={1} size="heading">
            Parley
          </Heading>
        </View>
        <Text role="status" tone="soft">
          {isUnreachable ? t('unreachable') : t(lead, wanted)}
        </Text>
        {users === undefined && <Busy />}
        <View role="group" aria-label={t('demoUsers')}>
          {users?.map((user) => (
            <PersonAsUser key={user._id} user={user} onSession={onSession} />
          ))}
        </View>
        {users !== undefined && <TokenForm isOpen={users.length === 0} onSession={onSession} />}
      </View>
    </ScrollView>
  );
}

function leadOf(users: readonly DemoUser[] | undefined, wanted: string | undefined) {
  if (users?.length === 0) return 'leadToken';
  return wanted === undefined || users === undefined ? 'lead' : 'unknownUser';
}

function PersonAsUser({
  user,
  onSession,
}: {
  user: DemoUser;
  onSession: SignInProps['onSession'];
}): ReactNode {
  return <PersonLine user={user} onPress={() => onSession(demoSession(user))} />;
}

function TokenForm({
  isOpen,
  onSession,
}: {
  isOpen: boolean;
  onSession: SignInProps['onSession'];
}): ReactNode {
  const t = useAppTexts();
  const [isShown, setShown] = useState(isOpen);
  const [token, setToken] = useState('');
  const [isWrong, setWrong] = useState(false);
  if (!isShown) return <Button label={t('withToken')} onPress={() => setShown(true)} />;
  const submit = (): void => {
    const session = tokenSession(token.trim());
    setWrong(session === undefined);
    if (session !== undefined) onSession(session);
  };
  return (
    <>
      <Field
        label={t('token')}
        value={token}
        onChangeText={setToken}
        onSubmitEditing={submit}
        autoCapitalize="none"
      />
      {isWrong && (
        <Text role="alert" tone="danger" size="small">
          {t('badToken')}
        </Text>
      )}
      <Button label={t('signIn')} tone="primary" disabled={token.trim() === ''} onPress={submit} />
    </>
  );
}

/** Asks until the server answers. */
function useDemoUsers(): { users: readonly DemoUser[] | undefined; isUnreachable: boolean } {
  const [users, setUsers] = useState<readonly DemoUser[]>();
  const [failures, setFailures] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    const load = (): void =>
      void fetchDemoUsers().then(
        (found) => isCurrent && setUsers(found),
        () => isCurrent && setFailures((count) => count + 1),
      );
    const timer = setTimeout(load, failures === 0 ? 0 : RETRY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [failures]);
  return { users, isUnreachable: failures > 0 && users === undefined };
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    page: { flex: 1, backgroundColor: colors.page },
    center: { flexGrow: 1, alignItems: 'center', justifyContent: 'center', padding: 16 },
    card: {
      width: '100%',
      maxWidth: 420,
      backgroundColor: colors.surface,
      borderRadius: 24,
      padding: 24,
      gap: 16,
    },
    brand: { flexDirection: 'row', alignItems: 'center', gap: 12 },
  });
