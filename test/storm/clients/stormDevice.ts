import type { Answer, CommandData, CommandName } from '../../../contract/index.js';
import type { Entry } from '../checker/history.js';
import type { Balancer } from '../parts/balancer.js';
import type { Outgoing } from './outbox.js';

/** Connection of a device as the behaviour of its user sees it. */
export interface DeviceConnection {
  readonly isUp: boolean;
  /** The current server. */
  readonly server: string | undefined;
  open: () => void;
  close: () => Promise<void>;
  /** Drops the connection without closing it, like a phone in a tunnel. */
  hangUp: () => void;
  /** Returns undefined without a connection or an answer. */
  call: <Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ) => Promise<Answer<CommandData<Name>> | undefined>;
}

/**
 * One device of a user. Two kinds: `SdkDevice` runs the SDK, and its wire is logged; `Device` speaks the protocol by itself,
 * where the test needs what the SDK does not do (long polling only, impatience, a cursor of a month ago).
 */
export interface StormDevice {
  readonly parts: { user: string; client: string; balancer: Balancer };
  readonly isStopped: boolean;
  readonly connection: DeviceConnection;
  /** Number of messages that wait for an acknowledgement. */
  readonly unsent: number;

  token: () => string;
  log: (entry: Entry) => void;
  newClientMessageId: () => string;
  /** The highest known `seq` of a conversation. */
  head: (conversationId: string) => number;
  /** Returns whether everything up to these heads is held and reported as delivered. */
  hasAll: (heads: ReadonlyMap<string, number>) => boolean;

  say: (conversationId: string, options?: Partial<Outgoing>) => void;
  open: (withUser: string) => Promise<string | undefined>;
  read: (conversationId: string) => Promise<unknown>;
  browse: (conversationId: string, where: { before?: number; limit: number }) => Promise<void>;
  list: () => Promise<void>;
  sync: () => Promise<unknown>;
  /** Repeats a command until it succeeds. Undefined when stopped or refused. */
  ask: <Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ) => Promise<CommandData<Name> | undefined>;
  /** Sends a command whose refusal is expected, and logged by the caller. */
  tryForbidden: <Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ) => Promise<Answer<CommandData<Name>> | undefined>;
  /** Records the state that this device has collected. */
  testify: () => void;
  stop: () => Promise<void>;
}
