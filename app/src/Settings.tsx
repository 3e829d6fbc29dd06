import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { PrivacyView, UserView } from '@parley/client';
import { useParley } from '@parley/react';
import {
  Busy,
  Button,
  ChoiceRow,
  Dialog,
  Heading,
  LANGUAGE_NAMES,
  PersonRow,
  SwitchRow,
  Text,
  useAttempt,
  useTexts,
  type Language,
} from '@parley/react-native';
import { NotificationSettings } from './NotificationSettings.js';
import type { Preferences } from './preferences.js';
import { useAppTexts } from './texts/index.js';

export interface SettingsProps {
  preferences: Preferences;
  onSignOut: () => void;
  onClose: () => void;
}

export function Settings({ preferences, onSignOut, onClose }: SettingsProps): ReactNode {
  const t = useAppTexts();
  const footer = <Button label={t('signOut')} icon="switch" onPress={onSignOut} />;
  return (
    <Dialog title={t('settings')} onClose={onClose} footer={footer}>
      <Appearance {...preferences} />
      <NotificationSettings />
      <Privacy />
      <Blocked />
    </Dialog>
  );
}

const isLanguage = (name: string): name is Language => Object.hasOwn(LANGUAGE_NAMES, name);

function Appearance({ themeChoice, setThemeChoice, language, setLanguage }: Preferences): ReactNode {
  const t = useAppTexts();
  const languages = Object.entries(LANGUAGE_NAMES).flatMap(([value, label]) =>
    isLanguage(value) ? [{ value, label }] : [],
  );
  return (
    <>
      <Heading level={3}>{t('appearance')}</Heading>
      <ChoiceRow
        label={t('theme')}
        value={themeChoice}
        onChange={setThemeChoice}
        choices={[
          { value: 'system', label: t('system') },
          { value: 'light', label: t('light') },
          { value: 'dark', label: t('dark') },
        ]}
      />
      <ChoiceRow label={t('language')} value={language} onChange={setLanguage} choices={languages} />
    </>
  );
}

function Privacy(): ReactNode {
  const t = useAppTexts();
  const { safety } = useParley();
  const attempt = useAttempt();
  const [privacy, setPrivacy] = useState<PrivacyView>();
  useEffect(() => {
    void attempt(safety.getPrivacy()).then((loaded) => loaded && setPrivacy(loaded.value));
  }, [attempt, safety]);
  const update = (changes: Partial<PrivacyView>): void =>
    void attempt(safety.updatePrivacy(changes)).then((saved) => saved && setPrivacy(saved.value));
  return (
    <>
      <Heading level={3}>{t('privacy')}</Heading>
      {privacy === undefined ? <Busy /> : <PrivacyFields privacy={privacy} update={update} />}
    </>
  );
}

interface PrivacyFieldsProps {
  privacy: PrivacyView;
  update: (changes: Partial<PrivacyView>) => void;
}

function PrivacyFields({ privacy, update }: PrivacyFieldsProps): ReactNode {
  const t = useAppTexts();
  const audiences = [
    { value: 'everyone' as const, label: t('everyone') },
    { value: 'contacts' as const, label: t('contacts') },
    { value: 'nobody' as const, label: t('nobody') },
  ];
  return (
    <>
      <SwitchRow
        label={t('readReceipts')}
        value={privacy.readReceipts}
        onChange={(readReceipts) => update({ readReceipts })}
      />
      <SwitchRow label={t('showTyping')} value={privacy.typing} onChange={(typing) => update({ typing })} />
      <ChoiceRow
        label={t('lastSeen')}
        value={privacy.lastSeen}
        choices={audiences}
        onChange={(lastSeen) => update({ lastSeen })}
      />
      <ChoiceRow
        label={t('addToGroups')}
        value={privacy.addToGroups}
        choices={audiences}
        onChange={(addToGroups) => update({ addToGroups })}
      />
      <Text size="small" tone="soft">
        {t('privacyNote')}
      </Text>
    </>
  );
}

function Blocked(): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const { safety } = useParley();
  const attempt = useAttempt();
  const [page, setPage] = useState<{ users: readonly UserView[]; cursor: string | undefined }>();
  const load = useCallback(
    async (cursor: string | undefined, before: readonly UserView[]) => {
      const loaded = await attempt(safety.getBlocked(cursor === undefined ? {} : { cursor }));
      if (loaded !== undefined)
        setPage({ users: [...before, ...loaded.value.users], cursor: loaded.value.nextCursor });
    },
    [attempt, safety],
  );
  useEffect(() => void load(undefined, []), [load]);
  const unblock = (userId: string): void =>
    void attempt(safety.unblock(userId), texts('unblocked')).then((done) => done && load(undefined, []));
  return (
    <>
      <Heading level={3}>{t('blockedPeople')}</Heading>
      {page?.users.length === 0 && <Text tone="soft">{t('noneBlocked')}</Text>}
      {page?.users.map((user) => (
        <PersonRow
          key={user._id}
          user={user}
          trailing={<Button label={texts('unblock')} onPress={() => unblock(user._id)} />}
        />
      ))}
      {page?.cursor !== undefined && (
        <Button label={texts('showMore')} onPress={() => void load(page.cursor, page.users)} />
      )}
    </>
  );
}
