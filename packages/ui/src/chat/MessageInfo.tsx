import { useEffect, useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { CommandData, Message, UserView } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts, useUI } from '../context.js';
import { Busy } from '../parts/Busy.js';
import { Avatar } from '../parts/Avatar.js';
import { Dialog } from '../parts/Dialog.js';
import { Heading, Text } from '../parts/Text.js';
import { errorKeyOf } from '../parts/Toast.js';
import { nameOf, useNow } from '../state.js';
import { useChat } from './chatContext.js';

interface Loaded {
  receipts: CommandData<'getReceipts'> | undefined;
  reactions: CommandData<'getReactions'>['reactions'];
  edits: CommandData<'getEdits'>['edits'];
}

/** Receipts of a message, its reactions with their users, and its earlier texts. */
export function MessageInfo({ message, onClose }: { message: Message; onClose: () => void }): ReactNode {
  const t = useTexts();
  const { conversationType } = useChat();
  const { loaded, isFailed } = useInfo(message, conversationType === 'channel');
  return (
    <Dialog title={t('info')} onClose={onClose}>
      {isFailed && <Text tone="danger">{t(errorKeyOf(undefined))}</Text>}
      {loaded === undefined && !isFailed && <Busy />}
      {loaded !== undefined && <Sections {...loaded} />}
    </Dialog>
  );
}

/** @param isCounted views are counted for everyone, as channels do */
function useInfo(message: Message, isCounted: boolean): { loaded: Loaded | undefined; isFailed: boolean } {
  const parley = useParley();
  const [loaded, setLoaded] = useState<Loaded>();
  const [isFailed, setFailed] = useState(false);
  const { conversationId, seq, senderId, reactions, editedAt } = message;
  const hasReactions = reactions.length > 0;
  const isEdited = editedAt !== undefined;
  useEffect(() => {
    const handle = parley.conversation(conversationId);
    const showsReceipts = isCounted || senderId === parley.userId;
    Promise.all([
      showsReceipts ? handle.getReceipts(seq) : undefined,
      hasReactions ? handle.getReactions(seq) : [],
      isEdited ? handle.getEdits(seq) : [],
    ]).then(
      ([receipts, found, edits]) => setLoaded({ receipts, reactions: found, edits }),
      () => setFailed(true),
    );
  }, [parley, conversationId, seq, senderId, isCounted, hasReactions, isEdited]);
  return { loaded, isFailed };
}

function Sections({ receipts, reactions, edits }: Loaded): ReactNode {
  const t = useTexts();
  const { formats } = useUI();
  return (
    <>
      {receipts !== undefined && <Receipts receipts={receipts} />}
      {reactions.length > 0 && <Heading level={3}>{t('reactions')}</Heading>}
      {reactions.map(({ emoji, user }) => (
        <Person key={`${user._id} ${emoji}`} user={user} note={emoji} />
      ))}
      {edits.length > 0 && <Heading level={3}>{t('earlierTexts')}</Heading>}
      {edits.map(({ content, at }) => (
        <View key={at}>
          <Text size="tiny" tone="soft">
            {formats.shortDay(at)}, {formats.clock(at)}
          </Text>
          <Text dir="auto">{content}</Text>
        </View>
      ))}
      {receipts === undefined && reactions.length === 0 && edits.length === 0 && (
        <Text tone="soft">{t('notYet')}</Text>
      )}
    </>
  );
}

function Receipts({ receipts }: { receipts: CommandData<'getReceipts'> }): ReactNode {
  const t = useTexts();
  const { members, readCount, deliveredCount, recipientCount } = receipts;
  if (members === undefined)
    return (
      <>
        <Text>{t('readCount', { n: readCount, total: recipientCount })}</Text>
        <Text>{t('deliveredCount', { n: deliveredCount, total: recipientCount })}</Text>
      </>
    );
  const readers = members.filter(({ read }) => read);
  const receivers = members.filter(({ read, delivered }) => delivered && !read);
  const others = members.filter(({ read, delivered }) => !delivered && !read);
  return (
    <>
      <People title={t('readBy')} people={readers.map(({ user, readAt }) => ({ user, at: readAt }))} />
      {readers.length === 0 && <Text tone="soft">{t('notYet')}</Text>}
      <People
        title={t('deliveredTo')}
        people={receivers.map(({ user, deliveredAt }) => ({ user, at: deliveredAt }))}
      />
      <People title={t('missedBy')} people={others.map(({ user }) => ({ user, at: undefined }))} />
    </>
  );
}

interface PeopleProps {
  title: string;
  people: readonly { user: UserView; at: string | undefined }[];
}

/** Some of the members, with their number and times: of today without the day. */
function People({ title, people }: PeopleProps): ReactNode {
  const { formats } = useUI();
  const now = useNow();
  const timeOf = (at: string): string =>
    formats.daysAgo(at, now) === 0 ? formats.clock(at) : `${formats.shortDay(at)}, ${formats.clock(at)}`;
  if (people.length === 0) return null;
  return (
    <View role="group" aria-label={title}>
      <Heading level={3}>{`${title} · ${people.length}`}</Heading>
      {people.map(({ user, at }) => (
        <Person key={user._id} user={user} note={at === undefined ? '' : timeOf(at)} />
      ))}
    </View>
  );
}

function Person({ user, note }: { user: UserView; note: string }): ReactNode {
  const t = useTexts();
  return (
    <View style={styles.person}>
      <Avatar id={user._id} name={user.name ?? user._id} picture={user.avatar} size={36} />
      <Text style={styles.grow} numberOfLines={1}>
        {nameOf(user, t)}
      </Text>
      <Text tone="soft">{note}</Text>
    </View>
  );
}

const styles = StyleSheet.create({
  person: { flexDirection: 'row', alignItems: 'center', gap: 12, minHeight: 44 },
  grow: { flex: 1 },
});
