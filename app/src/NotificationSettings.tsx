import { useCallback, useState, type ReactNode } from 'react';
import type { NotificationsView } from '@parley/client';
import { ChoiceRow, Heading, SwitchRow, useAttempt } from '@parley/react-native';
import { Loading, useLoad } from './Loading.js';
import { hasNotifications, notificationsAreOn, setNotifications } from './platform/notifications.js';
import { usePush } from './push.js';
import { useAppTexts } from './texts/index.js';

/** Notifications of this device, and how much all devices of the user show. */
export function NotificationSettings(): ReactNode {
  const t = useAppTexts();
  const push = usePush();
  const attempt = useAttempt();
  const [isOn, setOn] = useState(notificationsAreOn);
  const [settings, setSettings] = useState<NotificationsView>();
  const load = useCallback(async () => {
    const loaded = await attempt(push.getNotifications());
    if (loaded !== undefined) setSettings(loaded.value);
    return loaded !== undefined;
  }, [attempt, push]);
  const again = useLoad(load);
  const update = (changes: Partial<Pick<NotificationsView, 'enabled' | 'content'>>): void =>
    void attempt(push.updateNotifications(changes)).then((saved) => saved && setSettings(saved.value));
  async function turn(next: boolean): Promise<void> {
    const turned = await attempt(setNotifications(next, push));
    setOn(notificationsAreOn());
    // Switched off for all devices, for example by the app's backend.
    if (turned?.value === true && settings?.enabled === false) update({ enabled: true });
  }
  if (!hasNotifications()) return null;
  return (
    <>
      <Heading level={3}>{t('notifications')}</Heading>
      <SwitchRow label={t('notify')} value={isOn} onChange={(next) => void turn(next)} />
      {again !== undefined && <Loading again={again} />}
      {settings !== undefined && settings.providers.length > 0 && (
        <ChoiceRow
          label={t('notificationContent')}
          value={settings.content}
          onChange={(content) => update({ content })}
          choices={[
            { value: 'full', label: t('contentFull') },
            { value: 'sender', label: t('contentSender') },
            { value: 'none', label: t('contentNone') },
          ]}
        />
      )}
    </>
  );
}
