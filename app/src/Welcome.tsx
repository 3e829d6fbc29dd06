import type { ReactNode } from 'react';
import { StyleSheet } from 'react-native';
import type { UserView } from '@parley/client';
import { Empty, nameOf, Text, useStyles, useTexts, useUI, type Theme } from '@parley/react-native';
import { addressAs } from './platform/platform.js';
import type { Session } from './session.js';
import { useAppTexts } from './texts/index.js';

const OFFERED = 3;
const NAMES = '{names}';

interface WelcomeProps {
  session: Session;
  people: readonly UserView[];
}

/** Beside the list while no chat is open. In the demo it offers windows of other users: a chat needs two. */
export function Welcome({ session, people }: WelcomeProps): ReactNode {
  const t = useAppTexts();
  if (!session.isDemo) return <Empty icon="logo" title={t('pick')} />;
  const others = people.filter(({ _id }) => _id !== session.userId && addressAs(_id) !== undefined);
  if (others.length === 0) return <Empty icon="logo" title={t('pick')} hint={t('pickHint')} />;
  return (
    <Empty icon="logo" title={t('pick')}>
      <OtherWindows people={others.slice(0, OFFERED)} />
    </Empty>
  );
}

function OtherWindows({ people }: { people: readonly UserView[] }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const { language } = useUI();
  const [before, after] = t('pickHintAs', NAMES).split(NAMES);
  const names = people.map((user) => nameOf(user, texts));
  const parts = new Intl.ListFormat(language, { type: 'disjunction' }).formatToParts(names);
  let count = 0;
  const links = parts.map(({ type, value }, index) => {
    const user = type === 'element' ? people[count++] : undefined;
    return user === undefined ? value : <WindowLink key={index} userId={user._id} name={value} />;
  });
  return (
    <Text tone="soft" size="small" style={styles.hint}>
      {before}
      {links}
      {after}
    </Text>
  );
}

function WindowLink({ userId, name }: { userId: string; name: string }): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <Text
      role="link"
      tone="accent"
      size="small"
      href={addressAs(userId)}
      hrefAttrs={{ target: '_blank', rel: 'noopener' }}
      style={styles.link}
    >
      {name}
    </Text>
  );
}

const createStyles = (_theme: Theme) =>
  StyleSheet.create({
    hint: { textAlign: 'center', maxWidth: 320 },
    link: { textDecorationLine: 'underline' },
  });
