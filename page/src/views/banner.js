/**
 * One discreet line about the connection, when there is something to say.
 *
 * @import { Connection } from '../types.js'
 */
import { setAttribute, setText } from './dom.js';

const TEXTS = {
  connecting: 'Connecting…',
  waiting: 'Reconnecting… What you write is sent as soon as you are back.',
  offline: 'You are offline. What you write is sent as soon as you are back.',
  draining: 'The server is restarting. Back in a moment…',
  ended: 'Signed out.',
};

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function renderBanner(element, { status, reason }) {
  element.hidden = status === 'online';
  if (status === 'online') return;
  const shown = status === 'waiting' && !navigator.onLine ? 'offline' : status;
  setAttribute(element, 'data-status', shown);
  setText(element, reason === undefined ? TEXTS[shown] : `${TEXTS[shown]} ${reason}`);
}
