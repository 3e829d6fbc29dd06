import type { ReadableStore } from '../observable/readableStore.js';
import type { ClientState, ConnectionState } from '../state/types.js';
import type { CommandData, CommandName, CommandPayload, PushData, PushName } from '../wire/index.js';
import type { AttachmentsApi } from './attachments.js';
import type { ConversationHandle } from './conversation.js';
import type { ConversationsApi } from './conversations.js';
import type { ParleyEvents } from './events.js';
import type { OutboxApi } from './outbox.js';
import type { UploadsApi } from './uploads.js';
import type { SafetyApi, UsersApi } from './users.js';

/** The chat client of one user on one device. Made by `createParleyClient`. */
export interface ParleyClient {
  /** Undefined until a token has told it, or the storage remembers it. */
  readonly userId: string | undefined;
  readonly connectionState: ReadableStore<ConnectionState>;
  /** Sum of unread messages of conversations that are neither muted nor archived. */
  readonly unreadCount: ReadableStore<number>;
  readonly conversations: ConversationsApi;
  readonly outbox: OutboxApi;
  /** True with the option `uploads`: files can be sent, and their addresses renewed. */
  readonly hasUploads: boolean;
  /** @throws Error without the option `uploads` */
  readonly uploads: UploadsApi;
  /** @throws Error without the option `uploads` */
  readonly attachments: AttachmentsApi;
  readonly users: UsersApi;
  readonly safety: SafetyApi;
  /** Everything that this client knows, as one immutable value. Selectors of `@parley/client/selectors` read it. */
  readonly state: ReadableStore<ClientState>;

  /**
   * Shows what the storage holds, then connects and keeps connecting until `disconnect` or `logout`. Calls while connected or
   * connecting have no further effect. Resolves when the stored state is shown; never waits for the network.
   */
  connect: () => Promise<void>;
  /** Closes the connection. The stored state and the outbox stay; `connect` resumes. */
  disconnect: () => Promise<void>;
  /** Closes the connection, removes everything stored for this user (unsent messages too), and forgets the user. */
  logout: () => Promise<void>;
  /** Like `disconnect`, and releases every listener and the storage: for apps that drop the client (React StrictMode). */
  dispose: () => Promise<void>;

  /** Returns the handle of a conversation: always the same object for one id. */
  conversation: (conversationId: string) => ConversationHandle;

  /** @returns a function that removes the listener */
  on: <Name extends keyof ParleyEvents>(
    name: Name,
    listener: (event: ParleyEvents[Name]) => void,
  ) => () => void;
  /** Any push of the server as it came in, after it was applied. @returns a function that removes the listener */
  onPush: <Name extends PushName>(name: Name, listener: (data: PushData<Name>) => void) => () => void;
  /**
   * Runs any command of the contract. The methods above keep the local state equal; use this for what they do not cover.
   *
   * @throws ParleyError
   */
  command: <Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
  ) => Promise<CommandData<Name>>;
}
