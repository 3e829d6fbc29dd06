import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useParley } from '@parley/react';
import { useTexts, useUI, type TextKey } from '../context.js';
import { IconButton } from '../parts/Buttons.js';
import type { IconName } from '../parts/icons.js';
import { anchorOf, Menu, type Anchor, type MenuItem } from '../parts/Menu.js';
import { useAttempt } from '../parts/Toast.js';
import type { AttachFormKind, Carried } from './attachForms.js';
import type { AttachmentTray } from './attachmentTray.js';
import { useOpenConversation } from './chatContext.js';
import type { WritingInput } from './useWriting.js';

const AttachDialog = lazy(async () => ({ default: (await import('./AttachDialog.js')).AttachDialog }));

const FORMS: Readonly<Record<AttachFormKind, { label: TextKey; icon: IconName }>> = {
  address: { label: 'attachAddress', icon: 'link' },
  place: { label: 'attachLocation', icon: 'location' },
  product: { label: 'product', icon: 'product' },
};

/** Offers what can be attached; nothing where nothing can. */
export function AttachButton({ mode, setMode, attachments, attachForms, onSent }: WritingInput): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const conversation = useOpenConversation();
  const { getLocation } = useUI().device;
  const [anchor, setAnchor] = useState<Anchor>();
  const [form, setForm] = useState<AttachFormKind>();
  const files = useFileItems(attachments);
  const kinds = attachForms ?? (getLocation === undefined ? [] : (['place'] as const));
  const forms = kinds.map((kind) => ({
    label: t(FORMS[kind].label),
    icon: FORMS[kind].icon,
    run: () => setForm(kind),
  }));
  const items = [...files, ...forms];
  if (items.length === 0 || mode?.kind === 'edit') return null;
  const send = (carried: Carried, text: string): void => {
    const replyTo = mode?.message.seq;
    parley.conversation(conversation.id).sendMessage({ text, ...carried, replyTo });
    setMode(undefined);
    onSent();
  };
  return (
    <>
      <IconButton icon="attach" label={t('attach')} onPress={(event) => setAnchor(anchorOf(event))} />
      {anchor !== undefined && (
        <Menu label={t('attach')} items={items} anchor={anchor} onClose={() => setAnchor(undefined)} />
      )}
      {form !== undefined && (
        <Suspense fallback={null}>
          <AttachDialog kind={form} onSend={send} onClose={() => setForm(undefined)} />
        </Suspense>
      )}
    </>
  );
}

function useFileItems(attachments: AttachmentTray | undefined): MenuItem[] {
  const t = useTexts();
  const attempt = useAttempt();
  const { pickFiles } = useUI().device;
  if (attachments === undefined || pickFiles === undefined) return [];
  const pick = async (source: 'photos' | 'camera' | 'files'): Promise<void> => {
    const picked = await attempt(pickFiles(source));
    if (picked !== undefined && picked.value.length > 0) attachments.add(picked.value);
  };
  return [
    { label: t('attachPhoto'), icon: 'image', run: () => void pick('photos') },
    { label: t('attachCamera'), icon: 'camera', run: () => void pick('camera') },
    { label: t('attachFile'), icon: 'file', run: () => void pick('files') },
  ];
}
