import type { CommandData, CommandName, CommandPayload } from '../../../contract/index.js';
import type { Services } from '../services/index.js';
import type { Principal } from '../services/tokens.js';

/** Who calls, and the connection that waits for the answer, where it is one. */
export interface CommandContext {
  principal: Principal;
  socketId?: string | undefined;
  /** Of a command whose conversation has moved: what it named to reply to. */
  sentReplyTo?: number | undefined;
}

export type CommandParts = Services;

/** Commands about a connection itself: they come from a socket alone. */
export type SocketOnly = 'presence:watch' | 'auth:refresh' | 'openConversation';

export type CommandHandler<Name extends CommandName> = (
  context: CommandContext,
  payload: CommandPayload<Name>,
) => Promise<CommandData<Name>>;

export type CommandHandlers<Names extends CommandName = Exclude<CommandName, SocketOnly>> = {
  [Name in Names]: CommandHandler<Name>;
};

/** The commands of one area of the contract. */
export type AreaHandlers<Area extends Record<string, unknown>> = CommandHandlers<
  Exclude<keyof Area & CommandName, SocketOnly>
>;
