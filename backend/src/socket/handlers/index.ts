import type { CommandData, CommandName, CommandPayload } from '../../../../contract/index.js';
import type { CommandHandlers, SocketOnly } from '../../commands/types.js';
import { watchConversation } from './watchConversation.js';
import { setForeground } from './setForeground.js';
import { refreshToken } from './refreshToken.js';
import type { HandlerDeps, SocketContext } from './types.js';
import { watchPresence } from './watchPresence.js';

type Handler<Name extends CommandName> = (
  context: SocketContext<Name>,
  payload: CommandPayload<Name>,
) => Promise<CommandData<Name>>;

export type Handlers = { [Name in CommandName]: Handler<Name> };

/** Every command that a socket may send: those of all entry points, and those about the connection itself. */
export const createHandlers = (deps: HandlerDeps, commands: CommandHandlers): Handlers => {
  const socketOnly: { [Name in SocketOnly]: Handler<Name> } = {
    watchConversation: (context, payload) => watchConversation(deps, context, payload),
    'presence:watch': (context, payload) => watchPresence(deps, context, payload),
    setForeground: (context, payload) => setForeground(deps, context, payload),
    'auth:refresh': (context, payload) => refreshToken(deps, context, payload),
  };
  return { ...commands, ...socketOnly };
};
