import type {
  CommandData,
  CommandName,
  ServerEndpointData,
  ServerEndpointInput,
  ServerEndpointName,
  UserId,
} from '../../../../contract/index.js';
import type { Services } from '../../services/index.js';
import type { TokenIssuer } from '../../services/users/index.js';
import type { SocketOnly } from '../types.js';

export interface ServerCommandDeps {
  services: Services;
  tokenIssuer: TokenIssuer;
  /**
   * Runs a user's command for the backend, by the rules of that user, or of the system. It has the privileges of the roles
   * `backend` and `moderator`, and goes through the pipeline: schema, URLs, redirects of merged conversations.
   */
  runAs: <Name extends Exclude<CommandName, SocketOnly>>(
    userId: UserId,
    name: Name,
    payload: object,
  ) => Promise<CommandData<Name>>;
}

/** A call of the app's backend. */
export interface ServerCall<Name extends ServerEndpointName> extends ServerEndpointInput<Name> {
  /** Id for what the call creates, when the input has none: it is the same for each repeat of an `Idempotency-Key`. */
  newId: string;
}

export type ServerHandler<Name extends ServerEndpointName> = (
  call: ServerCall<Name>,
) => Promise<ServerEndpointData<Name>>;

export type ServerHandlers<Names extends ServerEndpointName = ServerEndpointName> = {
  [Name in Names]: ServerHandler<Name>;
};
