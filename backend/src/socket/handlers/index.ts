import type { CommandData, CommandName, CommandPayload } from '../../../../contract/index.js';
import type { CommandHandlers, SocketOnly } from '../../commands/types.js';
import { openConversation } from './openConversation.js';
import { refreshToken } from './refreshToken.js';
import type { HandlerParts, SocketContext } from './types.js';
import { watchPresence } from './watchPresence.js';

type Handler<Name extends CommandName> = (
  context: SocketContext,
  payload: CommandPayload<Name>,
) => Promise<CommandData<Name>>;

export type Handlers = { [Name in CommandName]: Handler<Name> };

/** Every command that a socket may send: those of all doors, and those about the connection itself. */
export const createHandlers = (parts: HandlerParts, commands: CommandHandlers): Handlers => {
  const own: { [Name in SocketOnly]: Handler<Name> } = {
    openConversation: (context, payload) => openConversation(parts, context, payload),
    'presence:watch': (context, payload) => watchPresence(parts, context, payload),
    'auth:refresh': (context, payload) => refreshToken(parts, context, payload),
  };
  return { ...commands, ...own };
};
