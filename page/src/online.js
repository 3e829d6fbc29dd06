/** @import { ParleyClient } from '@parley/client' */

/** @param {ParleyClient} parley */
export const isOnline = (parley) => parley.connectionState.getSnapshot().status === 'online';

/**
 * Resolves as soon as there is a connection.
 *
 * @param {ParleyClient} parley
 * @returns {Promise<void>}
 */
export function online(parley) {
  if (isOnline(parley)) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = parley.on('connectionStateChanged', ({ status }) => {
      if (status !== 'online') return;
      stop();
      resolve();
    });
  });
}
