import { useState, type ReactNode } from 'react';
import { LIMITS, type CommandPayload } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts, type TextKey } from '../context.js';
import { cleanText, fits } from '../lengths.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { ChoiceRow, Field } from '../parts/Fields.js';
import { useAttempt } from '../parts/Toast.js';

type Reason = CommandPayload<'report'>['reason'];

const REASONS: readonly (readonly [Reason, TextKey])[] = [
  ['spam', 'reasonSpam'],
  ['harassment', 'reasonHarassment'],
  ['nudity', 'reasonNudity'],
  ['scam', 'reasonScam'],
  ['underage', 'reasonUnderage'],
  ['other', 'reasonOther'],
];

export interface ReportDialogProps {
  title: string;
  /** A user, or a message. */
  about: { userId: string } | { conversationId: string; seq: number };
  onClose: () => void;
}

/** Reports a user or a message to the moderators. */
export function ReportDialog({ title, about, onClose }: ReportDialogProps): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const [reason, setReason] = useState<Reason>();
  const [comment, setComment] = useState('');
  const [isSending, setSending] = useState(false);
  async function send(): Promise<void> {
    if (reason === undefined) return;
    setSending(true);
    const text = cleanText(comment);
    const report = { ...about, reason, ...(text !== '' && { comment: text }) };
    const sent = await attempt(parley.safety.report(report), t('reported'));
    setSending(false);
    if (sent !== undefined) onClose();
  }
  const footer = (
    <>
      <Button label={t('cancel')} onPress={onClose} />
      <Button
        label={t('report')}
        tone="danger"
        disabled={reason === undefined || isSending || !fits(comment, LIMITS.maxCommentChars)}
        onPress={() => void send()}
      />
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <ChoiceRow
        label={t('reportReason')}
        value={reason}
        choices={REASONS.map(([value, key]) => ({ value, label: t(key) }))}
        onChange={setReason}
      />
      <Field
        label={t('reportComment')}
        value={comment}
        onChangeText={setComment}
        multiline
        maxChars={LIMITS.maxCommentChars}
      />
    </Dialog>
  );
}
