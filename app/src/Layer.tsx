import { lazy, Suspense, type ReactNode } from 'react';
import type { Conversation, UserView } from '@parley/client';
import { useConversation, useParley } from '@parley/react';
import {
  Dialog,
  GroupInfo,
  JoinGroup,
  MemberPicker,
  Menu,
  NewGroup,
  useAttempt,
  UserProfile,
  useTexts,
  type Anchor,
} from '@parley/react-native';
import type { HomeProps } from './Home.js';
import { goTo } from './platform/route.js';
import { useAppTexts } from './texts/index.js';

// Loaded when they are opened: no part of the first visit.
const Settings = lazy(async () => ({ default: (await import('./Settings.js')).Settings }));
const Moderation = lazy(async () => ({ default: (await import('./moderation/Moderation.js')).Moderation }));

export type Shown =
  | { kind: 'new'; anchor: Anchor }
  | { kind: 'settings' | 'moderation' | 'newChat' | 'newGroup' | 'newChannel' | 'join' }
  | { kind: 'info'; conversation: Conversation };

interface LayerProps extends HomeProps {
  shown: Shown;
  setShown: (shown: Shown | undefined) => void;
}

/** The dialog or menu over the list and the chat. */
export function Layer({ shown, setShown, preferences, people, onSignOut }: LayerProps): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const close = (): void => setShown(undefined);
  const openNew = ({ id }: Conversation): void => {
    close();
    goTo(id);
  };
  switch (shown.kind) {
    case 'settings':
      return (
        <Suspense fallback={null}>
          <Settings preferences={preferences} onSignOut={onSignOut} onClose={close} />
        </Suspense>
      );
    case 'moderation':
      return (
        <Suspense fallback={null}>
          <Moderation people={people} onClose={close} />
        </Suspense>
      );
    case 'new':
      return (
        <Menu
          label={t('newItem')}
          anchor={shown.anchor}
          onClose={close}
          items={[
            { label: texts('newChat'), icon: 'general', run: () => setShown({ kind: 'newChat' }) },
            { label: texts('newGroup'), icon: 'group', run: () => setShown({ kind: 'newGroup' }) },
            { label: texts('newChannel'), icon: 'bell', run: () => setShown({ kind: 'newChannel' }) },
            { label: texts('joinById'), icon: 'link', run: () => setShown({ kind: 'join' }) },
          ]}
        />
      );
    case 'newChat':
      return <NewChat people={people} onClose={close} />;
    case 'newGroup':
      return <NewGroup type="group" people={people} onCreated={openNew} onClose={close} />;
    case 'newChannel':
      return <NewGroup type="channel" people={people} onCreated={openNew} onClose={close} />;
    case 'join':
      return <JoinGroup onJoined={openNew} onClose={close} />;
    case 'info':
      return <Info conversation={shown.conversation} people={people} onClose={close} />;
  }
}

interface NewChatProps {
  people: readonly UserView[];
  onClose: () => void;
}

function NewChat({ people, onClose }: NewChatProps): ReactNode {
  const texts = useTexts();
  const open = useOpenUser(onClose);
  return (
    <Dialog title={texts('newChat')} onClose={onClose} hasOwnScroll>
      <MemberPicker people={people} onPick={open} />
    </Dialog>
  );
}

/** Opens the direct chat with a user, and creates it if there is none. */
function useOpenUser(onDone: () => void): (user: UserView) => void {
  const { conversations } = useParley();
  const attempt = useAttempt();
  return ({ _id }) =>
    void attempt(conversations.getOrCreateDirect(_id)).then((found) => {
      if (found === undefined) return;
      onDone();
      goTo(found.value.conversation.id);
    });
}

/** Current state of the conversation that the information was opened for. */
function Info({ conversation, people, onClose }: NewChatProps & { conversation: Conversation }): ReactNode {
  const openUser = useOpenUser(onClose);
  // It closes by itself when the conversation is gone, unless the user reports someone.
  const shown = useConversation(conversation.id) ?? conversation;
  return shown.type === 'direct' ? (
    <UserProfile conversation={shown} onClose={onClose} />
  ) : (
    <GroupInfo conversation={shown} people={people} onOpenUser={openUser} onClose={onClose} />
  );
}
