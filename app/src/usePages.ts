import { useCallback, useState } from 'react';
import { useAttempt } from '@parley/react-native';
import { useLoad } from './Loading.js';

interface Page<Item> {
  items: readonly Item[];
  nextCursor?: string | undefined;
}

/** Returns the page after a cursor; the first one without. */
export type ReadPage<Item> = (cursor: string | undefined) => Promise<Page<Item>>;

export interface Pages<Item> {
  /** Undefined until the first page has come. */
  items: readonly Item[] | undefined;
  /** Loads the first page again, if that has failed. */
  again: (() => void) | undefined;
  hasMore: boolean;
  loadMore: () => void;
  /** Takes an item out of the list. */
  remove: (item: Item) => void;
}

/**
 * Reads a list page by page.
 *
 * @param read returns a page; its identity must be stable
 */
export function usePages<Item>(read: ReadPage<Item>): Pages<Item> {
  const attempt = useAttempt();
  const [state, setState] = useState<Page<Item>>();
  const load = useCallback(
    async (before: Page<Item> | undefined) => {
      const page = await attempt(read(before?.nextCursor));
      if (page === undefined) return false;
      const { items, nextCursor } = page.value;
      setState({ items: [...(before?.items ?? []), ...items], nextCursor });
      return true;
    },
    [attempt, read],
  );
  const again = useLoad(useCallback(() => load(undefined), [load]));
  return {
    items: state?.items,
    again,
    hasMore: state?.nextCursor !== undefined,
    loadMore: () => void load(state),
    remove: (item) => setState((now) => now && { ...now, items: now.items.filter((one) => one !== item) }),
  };
}
