import { useState, type ReactNode } from 'react';
import type { Conversation } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { Field } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import { codeOf, errorKeyOf } from '../parts/Toast.js';

export interface JoinGroupProps {
  onJoined: (conversation: Conversation) => void;
  onClose: () => void;
}

const ID = /^[0-9a-f]{24}$/;

/** Joins a group or channel that is open to everyone who knows its id. */
export function JoinGroup({ onJoined, onClose }: JoinGroupProps): ReactNode {
  const t = useTexts();
  const { conversations } = useParley();
  const [text, setText] = useState('');
  const [code, setCode] = useState<string>();
  const [isSending, setSending] = useState(false);
  const id = text.trim();
  const mayJoin = ID.test(id) && !isSending;
  async function join(): Promise<void> {
    if (!mayJoin) return;
    setSending(true);
    setCode(undefined);
    try {
      onJoined(await conversations.join(id));
    } catch (error) {
      setCode(codeOf(error) ?? 'INTERNAL');
      setSending(false);
    }
  }
  return (
    <Dialog
      title={t('joinById')}
      onClose={onClose}
      footer={<Button label={t('join')} tone="primary" disabled={!mayJoin} onPress={() => void join()} />}
    >
      <Field
        label={t('joinId')}
        value={text}
        onChangeText={setText}
        onSubmitEditing={() => void join()}
        autoCapitalize="none"
        autoCorrect={false}
        autoFocus
      />
      {code !== undefined && (
        <Text role="alert" size="small" tone="danger">
          {t(code === 'NOT_PARTICIPANT' ? 'joinFailed' : errorKeyOf(code))}
        </Text>
      )}
    </Dialog>
  );
}
