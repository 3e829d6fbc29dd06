/**
 * What this browser holds of users that are not signed in here.
 *
 * @import { ParleyStorage } from '@parley/client'
 */

/**
 * @param {ParleyStorage} storage
 * @param {string} userId
 * @returns {Promise<number>} messages of the user that were not sent
 */
export async function countUnsent(storage, userId) {
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

/**
 * Removes everything of a user, unsent messages too.
 *
 * @param {ParleyStorage} storage
 * @param {string} userId
 */
export async function wipe(storage, userId) {
  const area = await storage.open(userId);
  await area.clear();
  await area.close();
}

/**
 * Removes what was loaded for other users of this browser. Their unsent messages stay until they leave: they exist nowhere
 * else.
 *
 * @param {ParleyStorage} storage
 * @param {string} userId
 */
export async function dropCachesOfOthers(storage, userId) {
  const userIds = await storage.listUserIds();
  for (const other of userIds.filter((id) => id !== userId)) {
    const area = await storage.open(other);
    await area.clear(['meta', 'conversations', 'messages']);
    await area.close();
  }
}
