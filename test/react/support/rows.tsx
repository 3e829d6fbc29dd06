import { memo, useEffect, type ReactNode } from 'react';
import { useMessages, type MessageItem } from '@parley/react';

/** Counts what React does with each row. */
export class RowLog {
  readonly renders: string[] = [];
  readonly mounts: string[] = [];

  clear(): void {
    this.renders.length = 0;
    this.mounts.length = 0;
  }
}

export const Row = memo(function Row({ item, log }: { item: MessageItem; log: RowLog }): ReactNode {
  log.renders.push(item.content);
  useEffect(() => void log.mounts.push(item.content), [item.key, log]);
  return (
    <li>
      {item.content} ({item.status})
    </li>
  );
});

export function Messages({ id, log }: { id: string; log: RowLog }): ReactNode {
  const { items } = useMessages(id);
  return (
    <ul>{items.map((item) => item.kind === 'message' && <Row key={item.key} item={item} log={log} />)}</ul>
  );
}
