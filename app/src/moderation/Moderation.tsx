import { useState, type ReactNode } from 'react';
import { ChoiceRow, Dialog } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { AuditLog } from './AuditLog.js';
import { ReportQueue } from './ReportQueue.js';

type View = 'open' | 'resolved' | 'audit';

export interface ModerationProps {
  onClose: () => void;
}

/** For callers whose token has the role `moderator`: reports with what was written around them, decisions, and the audit log. */
export function Moderation({ onClose }: ModerationProps): ReactNode {
  const t = useAppTexts();
  const [view, setView] = useState<View>('open');
  return (
    <Dialog title={t('moderation')} onClose={onClose}>
      <ChoiceRow
        label={t('show')}
        value={view}
        onChange={setView}
        choices={[
          { value: 'open', label: t('openReports') },
          { value: 'resolved', label: t('decidedReports') },
          { value: 'audit', label: t('audit') },
        ]}
      />
      {view === 'audit' ? <AuditLog /> : <ReportQueue key={view} status={view} />}
    </Dialog>
  );
}
