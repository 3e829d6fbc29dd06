declare const self: ServiceWorkerGlobalScope;

/** A push of the server (docs/push.md). */
interface Push {
  type: 'message' | 'clear';
  /** The conversation: a later notification of it replaces an earlier one. */
  tag: string;
  title: string;
  body: string | undefined;
  conversationId: string;
  seq: string | undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const textOf = (value: unknown): string | undefined => {
  const text = isRecord(value) ? value['text'] : value;
  return typeof text === 'string' ? text : undefined;
};

/** Reads a push. Undefined for one that this version does not know. */
export function readPush(data: PushMessageData | null): Push | undefined {
  const value: unknown = data?.json();
  if (!isRecord(value)) return undefined;
  const { type, tag, conversationId, seq } = value;
  if ((type !== 'message' && type !== 'clear') || typeof tag !== 'string') return undefined;
  return {
    type,
    tag,
    title: textOf(value['title']) ?? 'Parley',
    body: textOf(value['body']),
    conversationId: typeof conversationId === 'string' ? conversationId : tag,
    seq: typeof seq === 'string' ? seq : undefined,
  };
}

export const showNotification = ({ title, body, tag, conversationId, seq }: Push): Promise<void> =>
  self.registration.showNotification(title, {
    ...(body !== undefined && { body }),
    tag,
    data: { conversationId, seq },
  });

/** The conversation was read elsewhere. */
export async function clearNotifications(tag: string): Promise<void> {
  for (const notification of await self.registration.getNotifications({ tag })) notification.close();
}

/** Shows the conversation of a notification: in a window that is open, or in a new one. */
export async function openConversation(data: unknown): Promise<void> {
  const { conversationId, seq } = isRecord(data) ? data : {};
  const message = typeof seq === 'string' ? `/${seq}` : '';
  const path = typeof conversationId === 'string' ? `#/c/${conversationId}${message}` : '';
  const address = new URL(path, self.registration.scope).href;
  const [open] = await self.clients.matchAll({ type: 'window', includeUncontrolled: false });
  if (open === undefined) {
    await self.clients.openWindow(address);
    return;
  }
  await open.navigate(address);
  await open.focus();
}
