import { useCallback, useState, type ReactNode } from 'react';
import type { PrivacyView, UserView } from '@parley/client';
import { useParley } from '@parley/react';
import {
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
import { Loading, useLoad } from './Loading.js';
import { NotificationSettings } from './NotificationSettings.js';
import { PageList } from './PageList.js';
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
  const load = useCallback(async () => {
    const loaded = await attempt(safety.getPrivacy());
    if (loaded !== undefined) setPrivacy(loaded.value);
    return loaded !== undefined;
  }, [attempt, safety]);
  const again = useLoad(load);
  const update = (changes: Partial<PrivacyView>): void =>
    void attempt(safety.updatePrivacy(changes)).then((saved) => saved && setPrivacy(saved.value));
  return (
    <>
      <Heading level={3}>{t('privacy')}</Heading>
      {privacy === undefined ? (
        <Loading again={again} />
      ) : (
        <PrivacyFields privacy={privacy} update={update} />
      )}
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
  const read = useCallback(
    async (cursor: string | undefined) => {
      const { users: items, nextCursor } = await safety.getBlocked(cursor === undefined ? {} : { cursor });
      return { items, nextCursor };
    },
    [safety],
  );
  async function unblock({ _id }: UserView): Promise<boolean> {
    return (await attempt(safety.unblock(_id), texts('unblocked'))) !== undefined;
  }
  return (
    <>
      <Heading level={3}>{t('blockedPeople')}</Heading>
      <PageList read={read} empty={<Text tone="soft">{t('noneBlocked')}</Text>}>
        {(user, remove) => (
          <PersonRow
            key={user._id}
            user={user}
            trailing={
              <Button
                label={texts('unblock')}
                onPress={() => void unblock(user).then((done) => done && remove())}
              />
            }
          />
        )}
      </PageList>
    </>
  );
}
