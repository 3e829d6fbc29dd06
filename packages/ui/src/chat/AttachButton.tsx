import { useState, type ReactNode } from 'react';
import { useParley } from '@parley/react';
import { useTexts, useUI } from '../context.js';
import { IconButton } from '../parts/Buttons.js';
import { anchorOf, Menu, type Anchor, type MenuItem } from '../parts/Menu.js';
import { useAttempt } from '../parts/Toast.js';
import type { AttachmentTray } from './attachmentTray.js';
import { useOpenConversation } from './chatContext.js';
import type { ComposerMode } from './useWriting.js';

export interface AttachButtonProps {
  attachments: AttachmentTray | undefined;
  mode: ComposerMode | undefined;
}

/** Offers what the device can attach; nothing where it can attach nothing. */
export function AttachButton({ attachments, mode }: AttachButtonProps): ReactNode {
  const t = useTexts();
  const [anchor, setAnchor] = useState<Anchor>();
  const items = useItems(attachments, mode);
  if (items.length === 0) return null;
  return (
    <>
      <IconButton icon="attach" label={t('attach')} onPress={(event) => setAnchor(anchorOf(event))} />
      {anchor !== undefined && (
        <Menu label={t('attach')} items={items} anchor={anchor} onClose={() => setAnchor(undefined)} />
      )}
    </>
  );
}

function useItems(attachments: AttachmentTray | undefined, mode: ComposerMode | undefined): MenuItem[] {
  const t = useTexts();
  const attempt = useAttempt();
  const parley = useParley();
  const conversation = useOpenConversation();
  const { pickFiles, getLocation } = useUI().device;
  if (mode?.kind === 'edit') return [];
  const pick = async (source: 'photos' | 'camera' | 'files'): Promise<void> => {
    const picked = pickFiles === undefined ? undefined : await attempt(pickFiles(source));
    if (picked !== undefined && picked.value.length > 0) attachments?.add(picked.value);
  };
  const sendLocation = async (): Promise<void> => {
    const found = getLocation === undefined ? undefined : await attempt(getLocation());
    if (found?.value !== undefined)
      parley.conversation(conversation.id).sendMessage({ location: found.value });
  };
  const files: MenuItem[] = [
    { label: t('attachPhoto'), icon: 'image', run: () => void pick('photos') },
    { label: t('attachCamera'), icon: 'camera', run: () => void pick('camera') },
    { label: t('attachFile'), icon: 'file', run: () => void pick('files') },
  ];
  return [
    ...(attachments !== undefined && pickFiles !== undefined ? files : []),
    ...(getLocation === undefined
      ? []
      : [{ label: t('attachLocation'), icon: 'location' as const, run: () => void sendLocation() }]),
  ];
}
