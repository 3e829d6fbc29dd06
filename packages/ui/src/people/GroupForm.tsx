import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { LIMITS, type Conversation, type UserView } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts } from '../context.js';
import { cleanText, fits } from '../lengths.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { Field, SwitchRow } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import { useAttempt, useToast } from '../parts/Toast.js';
import { isWholeAddress } from '../webAddress.js';
import { MemberPicker } from './MemberPicker.js';

export interface NewGroupProps {
  type: 'group' | 'channel';
  people?: readonly UserView[] | undefined;
  onCreated: (conversation: Conversation) => void;
  onClose: () => void;
}

/** Makes a group or a channel: a name, its first members, and behind a button a picture and a rule. */
export function NewGroup({ type, people, onCreated, onClose }: NewGroupProps): ReactNode {
  const t = useTexts();
  const [look, setLook] = useState<Look>({ name: '', picture: '', isForAll: false });
  const [hasMore, setMore] = useState(false);
  const { chosen, toggle } = useChosen();
  const { create, isSending } = useCreate(type, onCreated);
  const maySend = isValid(look) && !isSending && (type === 'channel' || chosen.size > 0);
  const send = (): void => void create(look, [...chosen]);
  return (
    <Dialog
      title={t(type === 'group' ? 'newGroup' : 'newChannel')}
      onClose={onClose}
      hasOwnScroll
      footer={
        <>
          {!hasMore && <Button label={t('more')} onPress={() => setMore(true)} />}
          <Button label={t('create')} tone="primary" disabled={!maySend} onPress={send} />
        </>
      }
    >
      <View style={styles.fields}>
        <NameField look={look} setLook={setLook} />
        {hasMore && <MoreFields look={look} setLook={setLook} />}
      </View>
      <MemberPicker chosen={chosen} onPick={toggle} people={people} />
    </Dialog>
  );
}

/** Returns the function that makes the group: one group per dialog, also when it is tried again without an answer. */
function useCreate(type: 'group' | 'channel', onCreated: (conversation: Conversation) => void) {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const show = useToast();
  const [clientConversationId] = useState(
    () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
  );
  const [isSending, setSending] = useState(false);
  async function create({ name, picture, isForAll }: Look, participants: string[]): Promise<void> {
    setSending(true);
    const avatar = picture.trim();
    const input = {
      type,
      name: cleanText(name),
      participants,
      clientConversationId,
      ...(avatar !== '' && { avatar }),
      ...(isForAll && { history: 'all' as const }),
    };
    const created = await attempt(parley.conversations.createGroup(input));
    setSending(false);
    if (created === undefined) return;
    const { conversation, refused } = created.value;
    if (refused.length > 0) show(t.count('refused', refused.length));
    onCreated(conversation);
  }
  return { create, isSending };
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
  const { id, type, name = '', avatar = '', history, isJoinable } = conversation;
  const [look, setLook] = useState<Look>({ name, picture: avatar, isForAll: history === 'all' });
  const [isOpen, setOpen] = useState(isJoinable);
  async function save(): Promise<void> {
    const [newName, picture] = [cleanText(look.name), look.picture.trim()];
    const changes = {
      ...(newName !== name && { name: newName }),
      ...(picture !== avatar && { avatar: picture === '' ? null : picture }),
      ...(look.isForAll !== (history === 'all') && {
        history: look.isForAll ? ('all' as const) : ('joined' as const),
      }),
      ...(isOpen !== isJoinable && { open: isOpen }),
    };
    const isUnchanged = Object.keys(changes).length === 0;
    if (isUnchanged || (await attempt(parley.conversation(id).update(changes))) !== undefined) onClose();
  }
  return (
    <Dialog
      title={t(type === 'channel' ? 'editChannel' : 'editGroup')}
      onClose={onClose}
      footer={
        <Button
          label={t('save')}
          tone="primary"
          disabled={!isValid(look, avatar)}
          onPress={() => void save()}
        />
      }
    >
      <NameField look={look} setLook={setLook} />
      <MoreFields look={look} setLook={setLook} pictureBefore={avatar} />
      <SwitchRow label={t('openToAll')} value={isOpen} onChange={setOpen} />
    </Dialog>
  );
}

/** Texts and the rule that a group begins with, as they are being written. */
interface Look {
  name: string;
  /** Address; empty for none. */
  picture: string;
  /** New members see earlier messages. */
  isForAll: boolean;
}

interface LookProps {
  look: Look;
  setLook: (look: Look) => void;
}

/** @param before the address that the group has: the server's own are paths */
const isPicture = (text: string, before: string): boolean =>
  ['', before].includes(text.trim()) || isWholeAddress(text.trim());

const isValid = ({ name, picture }: Look, before = ''): boolean =>
  cleanText(name) !== '' &&
  fits(name, LIMITS.maxNameChars) &&
  fits(picture, LIMITS.maxUrlChars) &&
  isPicture(picture, before);

function NameField({ look, setLook }: LookProps): ReactNode {
  const t = useTexts();
  const setName = (name: string): void => setLook({ ...look, name });
  return (
    <Field label={t('groupName')} value={look.name} onChangeText={setName} maxChars={LIMITS.maxNameChars} />
  );
}

function MoreFields({
  look,
  setLook,
  pictureBefore = '',
}: LookProps & { pictureBefore?: string }): ReactNode {
  const t = useTexts();
  const { picture, isForAll } = look;
  return (
    <>
      <Field
        label={t('groupPicture')}
        value={picture}
        onChangeText={(text) => setLook({ ...look, picture: text })}
        maxChars={LIMITS.maxUrlChars}
        placeholder="https://…"
        autoCapitalize="none"
      />
      {!isPicture(picture, pictureBefore) && (
        <Text role="alert" size="small" tone="danger">
          {t('wrongAddress')}
        </Text>
      )}
      <SwitchRow
        label={t('historyForAll')}
        value={isForAll}
        onChange={(next) => setLook({ ...look, isForAll: next })}
      />
    </>
  );
}

const styles = StyleSheet.create({ fields: { paddingHorizontal: 20, paddingBottom: 8, gap: 8 } });
