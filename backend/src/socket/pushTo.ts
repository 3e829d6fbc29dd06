import type { PushName } from '../../../contract/index.js';
import { encodePush, type Push } from './encodedPush.js';
import type { ChatSocket } from './types.js';

/** Sends a push to one connection. Legacy clients receive it as a legacy event. */
export function pushTo<Name extends PushName>(socket: ChatSocket, push: Push<Name>): void {
  const { legacy } = socket.data;
  if (legacy !== undefined) legacy.send(encodePush(push));
  // The types pair each event with its data; Socket.IO's typing of `emit` cannot express that for a generic name.
  else socket.emit(push.event, ...([{ success: true, data: push.data }] as never));
}
