import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { View } from 'react-native';
import type { CommandData, Conversation, UserView } from '@parley/client';
import { mayRemove, rightsOf } from '@parley/client/selectors';
import { useParley } from '@parley/react';
import { useTexts, useUI } from '../context.js';
import { useSubtitle } from '../chat/ChatHeader.js';
import { useChatActions } from '../list/useChatActions.js';
import { Busy } from '../parts/Busy.js';
import { useAsk } from '../parts/Ask.js';
import { Button, IconButton } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { anchorOf, Menu, type Anchor, type MenuItem } from '../parts/Menu.js';
import { Heading } from '../parts/Text.js';
import { useAttempt, useToast } from '../parts/Toast.js';
import { nameOf, titleOf, useOwnUserId } from '../state.js';
import { useCloseWhenGone } from '../useCloseWhenGone.js';
import { whenGone } from '../whenGone.js';
import { EditGroup, useChosen } from './GroupForm.js';
import { MemberPicker } from './MemberPicker.js';
import { PersonRow } from './PersonRow.js';
import { ActionList, ProfileHead } from './Profile.js';
import { ReportDialog } from './ReportDialog.js';

type ListedMember = CommandData<'getMembers'>['members'][number];

export interface GroupInfoProps {
  conversation: Conversation;
  onClose: () => void;
  /** A press on a member: the direct chat with them. */
  onOpenUser?: ((user: UserView) => void) | undefined;
  people?: readonly UserView[] | undefined;
}

/** A group or channel: its members and their roles, name and rules, leaving. */
export function GroupInfo({ conversation, onClose, onOpenUser, people }: GroupInfoProps): ReactNode {
  const t = useTexts();
  const note = useSubtitle(conversation);
  const members = useMembers(conversation);
  const [shown, setShown] = useState<'info' | 'edit' | 'add'>('info');
  const { muteItem, dangersFor } = useChatActions();
  const copyItem = useCopyItem(conversation);
  const [reported, setReported] = useState<ListedMember>();
  useCloseWhenGone(conversation.id, onClose, reported !== undefined);
  const back = (): void => setShown('info');
  if (reported !== undefined)
    return (
      <ReportDialog
        title={t('reportTitle', { name: nameOf(reported, t) })}
        about={{ userId: reported._id }}
        onClose={() => setReported(undefined)}
      />
    );
  if (shown === 'edit') return <EditGroup conversation={conversation} onClose={back} />;
  if (shown === 'add') return <AddMembers {...{ conversation, people, members }} onClose={back} />;
  const { manage } = rightsOf(conversation.role);
  const isChannel = conversation.type === 'channel';
  const managing: MenuItem[] = [
    { label: t('addMembers'), icon: 'addPerson', run: () => setShown('add') },
    { label: t(isChannel ? 'editChannel' : 'editGroup'), icon: 'edit', run: () => setShown('edit') },
  ];
  const leave = dangersFor(conversation).map((item) => ({
    ...item,
    run: () => {
      onClose();
      item.run();
    },
  }));
  return (
    <Dialog title={t(isChannel ? 'channelInfo' : 'groupInfo')} onClose={onClose}>
      <ProfileHead
        id={conversation.id}
        name={titleOf(conversation, t)}
        picture={conversation.avatar}
        isGroup
        note={note}
      />
      <ActionList items={[...(manage ? managing : []), muteItem(conversation), ...copyItem]} />
      <Heading level={3}>{t('memberList')}</Heading>
      <MemberRows {...{ conversation, members, onOpenUser }} onReport={setReported} />
      <ActionList items={leave} />
    </Dialog>
  );
}

function useCopyItem({ id, isJoinable }: Conversation): MenuItem[] {
  const t = useTexts();
  const show = useToast();
  const { copyText } = useUI().device;
  if (!isJoinable || copyText === undefined) return [];
  return [{ label: t('copyId'), icon: 'link', run: () => void copyText(id).then(() => show(t('copied'))) }];
}

interface Members {
  list: readonly ListedMember[] | undefined;
  isFailed: boolean;
  more: (() => void) | undefined;
  reload: () => void;
}

/** Loads members page by page, and again when the group has changed. */
function useMembers({ id, memberCount, role }: Conversation): Members {
  const parley = useParley();
  const attempt = useAttempt();
  const [page, setPage] = useState<{ list: readonly ListedMember[]; cursor: string | undefined }>();
  const [isFailed, setFailed] = useState(false);
  const load = useCallback(
    async (cursor?: string, before: readonly ListedMember[] = []) => {
      const loaded = await attempt(
        parley.conversation(id).getMembers(cursor === undefined ? {} : { cursor }),
      );
      setFailed(loaded === undefined);
      if (loaded === undefined) return;
      setPage({ list: [...before, ...loaded.value.members], cursor: loaded.value.nextCursor });
    },
    [attempt, parley, id],
  );
  useEffect(() => void load(), [load, memberCount, role]);
  const cursor = page?.cursor;
  return {
    list: page?.list,
    isFailed,
    more: cursor === undefined ? undefined : () => void load(cursor, page?.list),
    reload: () => void load(),
  };
}

interface MemberRowsProps {
  conversation: Conversation;
  members: Members;
  onReport: (member: ListedMember) => void;
  onOpenUser: ((user: UserView) => void) | undefined;
}

function MemberRows({ conversation, members, onReport, onOpenUser }: MemberRowsProps): ReactNode {
  const t = useTexts();
  const ownUserId = useOwnUserId();
  const [menu, setMenu] = useState<{ member: ListedMember; anchor: Anchor }>();
  const itemsFor = useMemberItems({ conversation, reload: members.reload, onReport });
  // The notice of the failure says why.
  if (members.list === undefined && members.isFailed)
    return <Button label={t('tryAgain')} onPress={members.reload} />;
  if (members.list === undefined) return <Busy />;
  return (
    <View>
      {members.list.map((member) => (
        <PersonRow
          key={member._id}
          user={member}
          note={member._id === ownUserId ? `${t('you')} · ${t(member.role)}` : t(member.role)}
          onPress={
            member._id === ownUserId || onOpenUser === undefined ? undefined : () => onOpenUser(member)
          }
          trailing={
            itemsFor(member).length === 0 ? undefined : (
              <IconButton
                icon="menu"
                label={`${t('more')}: ${nameOf(member, t)}`}
                onPress={(event) => setMenu({ member, anchor: anchorOf(event) })}
              />
            )
          }
        />
      ))}
      {members.more !== undefined && <Button label={t('showMore')} onPress={members.more} />}
      {menu !== undefined && (
        <Menu
          label={nameOf(menu.member, t)}
          items={itemsFor(menu.member)}
          anchor={menu.anchor}
          onClose={() => setMenu(undefined)}
        />
      )}
    </View>
  );
}

interface MemberActions {
  conversation: Conversation;
  reload: () => void;
  onReport: (member: ListedMember) => void;
}

/** Actions that this user may take on a member. The server decides; this leaves out what it would refuse. */
function useMemberItems({
  conversation,
  reload,
  onReport,
}: MemberActions): (member: ListedMember) => MenuItem[] {
  const t = useTexts();
  const ask = useAsk();
  const attempt = useAttempt();
  const parley = useParley();
  const handle = parley.conversation(conversation.id);
  const ownUserId = useOwnUserId();
  return (member) => {
    const { _id, role } = member;
    if (_id === ownUserId) return [];
    const setRole = (next: 'owner' | 'admin' | 'member'): void =>
      void attempt(handle.setRole(_id, next)).then(reload);
    const name = nameOf(member, t);
    const closeWhen = whenGone(parley, conversation.id);
    async function makeOwner(): Promise<void> {
      const choices = [{ label: t('makeOwner'), value: true }];
      const title = t('makeOwnerTitle', { name });
      const isSure = await ask({ title, text: t('makeOwnerText'), choices, closeWhen });
      if (isSure === true) setRole('owner');
    }
    async function remove(): Promise<void> {
      const choices = [{ label: t('removeMember'), value: true }];
      const isSure = await ask({ title: t('removeTitle', { name }), text: '', choices, closeWhen });
      if (isSure === true) await attempt(handle.removeMember(_id)).then(reload);
    }
    const { changeRoles } = rightsOf(conversation.role);
    const items: (MenuItem | false)[] = [
      changeRoles &&
        role === 'member' && { label: t('makeAdmin'), icon: 'crown', run: () => setRole('admin') },
      changeRoles &&
        role === 'admin' && { label: t('makeMember'), icon: 'crown', run: () => setRole('member') },
      changeRoles &&
        role !== 'owner' && { label: t('makeOwner'), icon: 'crown', run: () => void makeOwner() },
      { label: t('report'), icon: 'flag', isDanger: true, run: () => onReport(member) },
      mayRemove(conversation.role, role) && {
        label: t('removeMember'),
        icon: 'leave',
        isDanger: true,
        run: () => void remove(),
      },
    ];
    return items.filter((one) => one !== false);
  };
}

interface AddMembersProps {
  conversation: Conversation;
  members: Members;
  people: readonly UserView[] | undefined;
  onClose: () => void;
}

function AddMembers({ conversation, members, people, onClose }: AddMembersProps): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const show = useToast();
  const { chosen, toggle } = useChosen();
  async function add(): Promise<void> {
    const added = await attempt(parley.conversation(conversation.id).addMembers([...chosen]));
    if (added === undefined) return;
    if (added.value.length > 0) show(t.count('refused', added.value.length));
    members.reload();
    onClose();
  }
  const known = new Set([
    ...Object.keys(conversation.members),
    ...(members.list ?? []).map(({ _id }) => _id),
  ]);
  return (
    <Dialog
      title={t('addMembers')}
      onClose={onClose}
      hasOwnScroll
      footer={
        <Button label={t('add')} tone="primary" disabled={chosen.size === 0} onPress={() => void add()} />
      }
    >
      <MemberPicker chosen={chosen} onPick={toggle} people={people} without={known} />
    </Dialog>
  );
}
