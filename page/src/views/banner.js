/**
 * One discreet line about the connection, when there is something to say.
 *
 * @import { ConnectionState } from '@parley/client'
 */
import { setAttribute, setText } from './dom.js';

/** @type {Record<Exclude<ConnectionState['status'], 'online' | 'syncing'> | 'offline', string>} */
const TEXTS = {
  idle: 'Connecting…',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting… What you write is sent as soon as you are back.',
  offline: 'You are offline. What you write is sent as soon as you are back.',
  draining: 'The server is restarting. Back in a moment…',
  ended: 'Signed out.',
};

/** @type {Record<string, string>} */
const CAUSES = { TOO_MANY_SOCKETS: 'There are too many open windows and devices.' };

/**
 * @param {HTMLElement} element
 * @param {ConnectionState} connection
 */
export function renderBanner(element, { status, code }) {
  const isConnected = status === 'online' || status === 'syncing';
  element.hidden = isConnected;
  if (isConnected) return;
  const shown = status === 'reconnecting' && !navigator.onLine ? 'offline' : status;
  setAttribute(element, 'data-status', shown);
  setText(element, `${TEXTS[shown]} ${CAUSES[code ?? ''] ?? ''}`.trimEnd());
}
