import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import type { HandlerDeps, SocketContext } from './types.js';

/** Notes whether the app of a connection is in use. A user whose connections all are in the background counts as offline. */
export async function setForeground(
  { sessions }: Pick<HandlerDeps, 'sessions'>,
  { socket }: SocketContext<'setForeground'>,
  { foreground }: CommandPayload<'setForeground'>,
): Promise<CommandData<'setForeground'>> {
  sessions.setForeground(socket, foreground);
  return Promise.resolve({ foreground });
}
