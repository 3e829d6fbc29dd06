import { useCallback, type ReactNode } from 'react';
import { ActivityIndicator } from 'react-native';
import type { ReportView } from '@parley/client';
import { useParley } from '@parley/react';
import { Button, Empty, useTexts, useUI } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { ReportCard } from './ReportCard.js';
import { usePages } from './usePages.js';

export interface ReportQueueProps {
  status: ReportView['status'];
}

/** Reports, oldest first, page by page. */
export function ReportQueue({ status }: ReportQueueProps): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const { colors } = useUI().theme;
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
  const { items, hasMore, loadMore, remove } = usePages(read);
  if (items === undefined) return <ActivityIndicator color={colors.accent} />;
  return (
    <>
      {items.length === 0 && <Empty icon="check" title={t('noReports')} />}
      {items.map((report) => (
        <ReportCard key={report._id} report={report} onDecided={() => remove(report)} />
      ))}
      {hasMore && <Button label={texts('showMore')} onPress={loadMore} />}
    </>
  );
}
