import type { CommandData, CommandName, CommandPayload } from '../../../contract/index.js';
import type { Services } from '../services/index.js';
import type { Principal } from '../services/users/index.js';

/** The caller of a command and, for calls over a socket, the connection that waits for the answer. */
export interface CommandContext<Name extends CommandName> {
  principal: Principal;
  socketId?: string | undefined;
  /** Remote address of the caller, for the audit log. */
  address?: string | undefined;
  /** The payload as the client sent it. Set when the command was redirected to the successor of its conversation. */
  sent?: CommandPayload<Name>;
}

export type CommandDeps = Services;

/** Commands that concern the connection itself. Only sockets accept them. */
export type SocketOnly = 'presence:watch' | 'auth:refresh' | 'watchConversation' | 'setForeground';

export type CommandHandler<Name extends CommandName> = (
  context: CommandContext<Name>,
  payload: CommandPayload<Name>,
) => Promise<CommandData<Name>>;

export type CommandHandlers<Names extends CommandName = Exclude<CommandName, SocketOnly>> = {
  [Name in Names]: CommandHandler<Name>;
};

/** Handlers of the commands of one area of the contract. */
export type AreaHandlers<Area extends Record<string, unknown>> = CommandHandlers<
  Exclude<keyof Area & CommandName, SocketOnly>
>;
