/** Data that this device holds of users who are not signed in here. */
import { clientOptions } from './platform/platform.js';

const { storage } = clientOptions;

/** Returns the number of messages of a user that were not sent. */
export async function countUnsent(userId: string): Promise<number> {
  try {
    const area = await storage.open(userId);
    const unsent = await area.readAll('outbox');
    await area.close();
    return unsent.length;
  } catch {
    // A browser that forbids storage has stored nothing.
    return 0;
  }
}

/** Removes everything of a user, unsent messages too. */
export async function wipe(userId: string): Promise<void> {
  const area = await storage.open(userId);
  await area.clear();
  await area.close();
}

/**
 * Removes what was loaded for other users of this device. Unsent messages stay until their user signs out: they exist nowhere
 * else.
 */
export async function dropCachesOfOthers(userId: string): Promise<void> {
  const userIds = await storage.listUserIds();
  for (const other of userIds.filter((id) => id !== userId)) {
    const area = await storage.open(other);
    await area.clear(['meta', 'conversations', 'messages']);
    await area.close();
  }
}
