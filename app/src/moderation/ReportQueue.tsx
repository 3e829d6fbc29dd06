import { useCallback, type ReactNode } from 'react';
import type { ReportView, UserView } from '@parley/client';
import { useParley } from '@parley/react';
import { Empty } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { PageList } from '../PageList.js';
import { ReportCard } from './ReportCard.js';

export interface ReportQueueProps {
  status: ReportView['status'];
  people: readonly UserView[];
}

/** Reports, oldest first, page by page. */
export function ReportQueue({ status, people }: ReportQueueProps): ReactNode {
  const t = useAppTexts();
  const { safety } = useParley();
  const read = useCallback(
    async (cursor: string | undefined) => {
      const { reports, nextCursor } = await safety.getReports({
        status,
        ...(cursor !== undefined && { cursor }),
      });
      return { items: reports, nextCursor };
    },
    [safety, status],
  );
  return (
    <PageList read={read} empty={<Empty icon="check" title={t('noReports')} />}>
      {(report, remove) => <ReportCard key={report._id} report={report} people={people} onDecided={remove} />}
    </PageList>
  );
}
