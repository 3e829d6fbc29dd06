import type { CommandData, CommandName, CommandPayload } from '../../../contract/index.js';

/** A parsed command on its way to its handler. */
export interface Handled<Name extends CommandName> {
  payload: CommandPayload<Name>;
  /** The payload as the client sent it. Set when `payload` was redirected to the successor of its conversation. */
  sent?: CommandPayload<Name>;
}

export type Handle<Name extends CommandName> = (handled: Handled<Name>) => Promise<CommandData<Name>>;
