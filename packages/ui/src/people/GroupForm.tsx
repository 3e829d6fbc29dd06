import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { LIMITS, type Conversation, type UserView } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { Field, SwitchRow } from '../parts/Fields.js';
import { useAttempt, useToast } from '../parts/Toast.js';
import { MemberPicker } from './MemberPicker.js';

export interface NewGroupProps {
  type: 'group' | 'channel';
  people?: readonly UserView[] | undefined;
  onCreated: (conversation: Conversation) => void;
  onClose: () => void;
}

/** Makes a group or a channel: a name, and its first members. */
export function NewGroup({ type, people, onCreated, onClose }: NewGroupProps): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const show = useToast();
  const [name, setName] = useState('');
  const { chosen, toggle } = useChosen();
  const [isSending, setSending] = useState(false);
  async function create(): Promise<void> {
    setSending(true);
    const input = { type, name: name.trim(), participants: [...chosen] };
    const created = await attempt(parley.conversations.createGroup(input));
    setSending(false);
    if (created === undefined) return;
    const { conversation, refused } = created.value;
    if (refused.length > 0) show(t.count('refused', refused.length));
    onCreated(conversation);
  }
  const maySend = name.trim() !== '' && !isSending && (type === 'channel' || chosen.size > 0);
  return (
    <Dialog
      title={t(type === 'group' ? 'newGroup' : 'newChannel')}
      onClose={onClose}
      hasOwnScroll
      footer={<Button label={t('create')} tone="primary" disabled={!maySend} onPress={() => void create()} />}
    >
      <View style={styles.name}>
        <Field label={t('groupName')} value={name} onChangeText={setName} maxLength={LIMITS.maxNameChars} />
      </View>
      <MemberPicker chosen={chosen} onPick={toggle} people={people} />
    </Dialog>
  );
}

/** People that are chosen by presses. */
export function useChosen(): { chosen: ReadonlySet<string>; toggle: (user: UserView) => void } {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = ({ _id }: UserView): void =>
    setChosen(
      (before) => new Set(before.has(_id) ? [...before].filter((id) => id !== _id) : [...before, _id]),
    );
  return { chosen, toggle };
}

/** Changes name, picture and rules of a group. */
export function EditGroup({
  conversation,
  onClose,
}: {
  conversation: Conversation;
  onClose: () => void;
}): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const [name, setName] = useState(conversation.name ?? '');
  const [picture, setPicture] = useState(conversation.avatar ?? '');
  const [isForAll, setForAll] = useState(conversation.history === 'all');
  const [isOpen, setOpen] = useState(conversation.isJoinable);
  async function save(): Promise<void> {
    const { id, history, isJoinable, avatar = '' } = conversation;
    const changes = {
      ...(name.trim() !== conversation.name && { name: name.trim() }),
      ...(picture.trim() !== avatar && { avatar: picture.trim() === '' ? null : picture.trim() }),
      ...(isForAll !== (history === 'all') && { history: isForAll ? ('all' as const) : ('joined' as const) }),
      ...(isOpen !== isJoinable && { open: isOpen }),
    };
    const isUnchanged = Object.keys(changes).length === 0;
    if (isUnchanged || (await attempt(parley.conversation(id).update(changes))) !== undefined) onClose();
  }
  return (
    <Dialog
      title={t('editGroup')}
      onClose={onClose}
      footer={
        <Button label={t('save')} tone="primary" disabled={name.trim() === ''} onPress={() => void save()} />
      }
    >
      <Field label={t('groupName')} value={name} onChangeText={setName} maxLength={LIMITS.maxNameChars} />
      <Field
        label={t('groupPicture')}
        value={picture}
        onChangeText={setPicture}
        maxLength={LIMITS.maxUrlChars}
        placeholder="https://…"
      />
      <SwitchRow label={t('historyForAll')} value={isForAll} onChange={setForAll} />
      <SwitchRow label={t('openToAll')} value={isOpen} onChange={setOpen} />
    </Dialog>
  );
}

const styles = StyleSheet.create({ name: { paddingHorizontal: 20, paddingBottom: 8 } });
