import type { ReactNode } from 'react';
import { Button, useTexts } from '@parley/react-native';
import { Loading } from './Loading.js';
import { usePages, type ReadPage } from './usePages.js';

export interface PageListProps<Item> {
  /** Its identity must be stable. */
  read: ReadPage<Item>;
  /** Shown instead of a list without items. */
  empty: ReactNode;
  /** @param remove takes the item out of the list */
  children: (item: Item, remove: () => void) => ReactNode;
}

/** A list that is read page by page, with a button for the next one. */
export function PageList<Item>({ read, empty, children }: PageListProps<Item>): ReactNode {
  const texts = useTexts();
  const { items, again, hasMore, loadMore, remove } = usePages(read);
  if (items === undefined) return <Loading again={again} />;
  return (
    <>
      {items.length === 0 && !hasMore && empty}
      {items.map((item) => children(item, () => remove(item)))}
      {hasMore && <Button label={texts('showMore')} onPress={loadMore} />}
    </>
  );
}
