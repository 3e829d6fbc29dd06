import type { ReactNode } from 'react';
import { Busy, Button, Empty, useTexts } from '@parley/react-native';
import { usePages, type ReadPage } from './usePages.js';

export interface PageListProps<Item> {
  /** Its identity must be stable. */
  read: ReadPage<Item>;
  /** Shown instead of a list without items. */
  emptyTitle: string;
  /** @param remove takes the item out of the list */
  children: (item: Item, remove: () => void) => ReactNode;
}

/** A list that is read page by page, with a button for the next one. */
export function PageList<Item>({ read, emptyTitle, children }: PageListProps<Item>): ReactNode {
  const texts = useTexts();
  const { items, hasMore, loadMore, remove } = usePages(read);
  if (items === undefined) return <Busy />;
  return (
    <>
      {items.length === 0 && <Empty icon="check" title={emptyTitle} />}
      {items.map((item) => children(item, () => remove(item)))}
      {hasMore && <Button label={texts('showMore')} onPress={loadMore} />}
    </>
  );
}
