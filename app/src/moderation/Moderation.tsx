import { useState, type ReactNode } from 'react';
import type { UserView } from '@parley/client';
import { ChoiceRow, Dialog } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { AuditLog } from './AuditLog.js';
import { ReportQueue } from './ReportQueue.js';

type View = 'open' | 'resolved' | 'audit';

export interface ModerationProps {
  /** Users of the app's directory: a report may name users whom this device has not met. */
  people: readonly UserView[];
  onClose: () => void;
}

/** For callers whose token has the role `moderator`: reports with what was written around them, decisions, and the audit log. */
export function Moderation({ people, onClose }: ModerationProps): ReactNode {
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
      {view === 'audit' ? (
        <AuditLog people={people} />
      ) : (
        <ReportQueue key={view} status={view} people={people} />
      )}
    </Dialog>
  );
}
