import { useState, type ReactNode } from 'react';
import type { Conversation } from '@parley/client';
import { peerOf } from '@parley/client/selectors';
import { useTexts } from '../context.js';
import { useSubtitle } from '../chat/ChatHeader.js';
import { useChatActions } from '../list/useChatActions.js';
import { Dialog } from '../parts/Dialog.js';
import type { MenuItem } from '../parts/Menu.js';
import { showControls } from '../bidi.js';
import { titleOf, useIsOnline } from '../state.js';
import { useCloseWhenGone } from '../useCloseWhenGone.js';
import { ActionList, ProfileHead } from './Profile.js';
import { ReportDialog } from './ReportDialog.js';

export interface UserProfileProps {
  /** The direct conversation with the user. */
  conversation: Conversation;
  onClose: () => void;
}

/** The other user of a direct conversation: mute, block, report, unmatch. */
export function UserProfile({ conversation, onClose }: UserProfileProps): ReactNode {
  const t = useTexts();
  const note = useSubtitle(conversation);
  const isOnline = useIsOnline(conversation.otherUserId);
  const { muteItem, dangersFor } = useChatActions();
  const [isReporting, setReporting] = useState(false);
  useCloseWhenGone(conversation.id, onClose, isReporting);
  const name = titleOf(conversation, t);
  const peer = peerOf(conversation);
  const closing = (item: MenuItem): MenuItem => ({
    ...item,
    run: () => {
      onClose();
      item.run();
    },
  });
  if (isReporting)
    return (
      <ReportDialog
        title={t('reportTitle', { name })}
        about={{ userId: conversation.otherUserId }}
        onClose={onClose}
      />
    );
  const report = { label: t('report'), icon: 'flag' as const, isDanger: true, run: () => setReporting(true) };
  const [block, ...others] = dangersFor(conversation).map(closing);
  return (
    <Dialog title={t('about')} onClose={onClose}>
      <ProfileHead
        id={peer._id}
        name={name}
        picture={peer.avatar}
        isOnline={isOnline}
        note={note}
        detail={showControls(conversation.otherUserId)}
      />
      <ActionList items={[closing(muteItem(conversation))]} />
      <ActionList items={[...(block === undefined ? [] : [block]), report, ...others]} />
    </Dialog>
  );
}
