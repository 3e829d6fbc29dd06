import type { LinkAnswer, TabMessage } from '../connection/link.js';
import type { ConnectionState } from '../state/types.js';
import type { CommandName, CommandPayload } from '../wire/index.js';

/** Part of the names of locks and channels: tabs whose messages differ do not hear each other. */
const PROTOCOL = 1;

/** Name of everything that the tabs of one user at one server share. JSON keeps ids with separators in them apart. */
export const groupName = (url: string, userId: string): string =>
  `parley/${PROTOCOL}/${JSON.stringify([url, userId])}`;

/** State of the leader's connection. */
export interface LeaderStatus {
  state: ConnectionState;
  isOnline: boolean;
}

export type TabEnvelope =
  /** A follower has opened, or looks for the leader. */
  | { type: 'hello'; from: string }
  /** From the leader: to all when it begins to lead or its connection changes, to one tab in answer to its `hello`. */
  | ({ type: 'leader'; from: string; to?: string } & LeaderStatus)
  /** From the leader: the session was renewed, and pushes were missed meanwhile. */
  | { type: 'renewed'; from: string }
  /** From the leader. `exceptFor` is the tab whose command had this effect. */
  | { type: 'push'; from: string; name: string; data: unknown; exceptFor?: string }
  | {
      type: 'ask';
      from: string;
      to: string;
      id: number;
      name: CommandName;
      payload: unknown;
      timeoutMs?: number;
    }
  | { type: 'answer'; from: string; to: string; id: number; answer: LinkAnswer<CommandName> }
  | { type: 'typing'; from: string; to: string; payload: CommandPayload<'typing'> }
  | { type: 'hurry' | 'restart'; from: string; to: string }
  | { type: 'tab'; from: string; message: TabMessage };

/** Other code of the page's origin may use a channel of this name: its messages are ignored. */
export const isEnvelope = (data: unknown): data is TabEnvelope =>
  typeof data === 'object' &&
  data !== null &&
  'type' in data &&
  'from' in data &&
  typeof data.type === 'string' &&
  typeof data.from === 'string';
