/** A packet between a client and the server, as far as Socket.IO's text frames show it. */
export interface Packet {
  direction: 'toServer' | 'toClient';
  /**
   * `handshake`: the client's first packet, which carries its token. `command`: an event of the client. `answer`: the
   * acknowledgement of a command. `push`: an event of the server. `other`: pings, and the protocol's own packets.
   */
  kind: 'handshake' | 'command' | 'answer' | 'push' | 'other';
  /** Event of a command or a push; for an answer, the event of its command. Empty for others. */
  event: string;
  /** Payload of the command (for an answer, of the command that it answers), or `{success, data}` of a push. */
  payload: unknown;
  /** Acknowledgement id of a command or an answer. */
  id?: string;
  /** An answer as it was sent. */
  answer?: unknown;
  /** Number of the connection, from 1 in the order of opening. */
  connection: number;
}

/** Commands of one connection that wait for their answers, by acknowledgement id. */
export type OpenCommands = Map<string, { event: string; payload: unknown }>;

const HANDSHAKE = '40';
const EVENT = /^42(\d*)(\[.*)$/s;
const ANSWER = /^43(\d+)(\[.*)$/s;

/** Reads a frame of the client. A command with an acknowledgement id is remembered in `open`. */
export function readFromClient(frame: string, connection: number, open: OpenCommands): Packet {
  const base = { direction: 'toServer', connection } as const;
  const [, id, body] = EVENT.exec(frame) ?? [];
  if (body !== undefined) {
    const [event, payload] = JSON.parse(body) as [string, unknown];
    if (id === undefined || id === '') return { ...base, kind: 'command', event, payload };
    open.set(id, { event, payload });
    return { ...base, kind: 'command', event, payload, id };
  }
  if (!frame.startsWith(HANDSHAKE)) return { ...base, kind: 'other', event: '', payload: undefined };
  const auth: unknown =
    frame.length > HANDSHAKE.length ? JSON.parse(frame.slice(HANDSHAKE.length)) : undefined;
  return { ...base, kind: 'handshake', event: '', payload: auth };
}

/** Reads a frame of the server. An answer closes its command in `open`. */
export function readFromServer(frame: string, connection: number, open: OpenCommands): Packet {
  const base = { direction: 'toClient', connection } as const;
  const [, , pushed] = EVENT.exec(frame) ?? [];
  if (pushed !== undefined) {
    const [event, payload] = JSON.parse(pushed) as [string, unknown];
    return { ...base, kind: 'push', event, payload };
  }
  const [, id, answered] = ANSWER.exec(frame) ?? [];
  const command = id === undefined ? undefined : open.get(id);
  if (id === undefined || answered === undefined || command === undefined)
    return { ...base, kind: 'other', event: '', payload: undefined };
  open.delete(id);
  const [answer] = JSON.parse(answered) as [unknown];
  return { ...base, kind: 'answer', ...command, id, answer };
}

/** Returns the frame of an answer to a command. */
export const answerFrame = ({ id = '' }: Packet, answer: unknown): string =>
  `43${id}${JSON.stringify([answer])}`;

/** Returns the frame of a push, as the server sends it. */
export const pushFrame = (event: string, data: unknown): string =>
  `42${JSON.stringify([event, { success: true, data }])}`;
