import { performance } from 'node:perf_hooks';
import type { LoadCommands } from './commands.js';
import { dataOf, forEachLimited, type User } from './fleet.js';
import { measured, type Marks } from './loops.js';
import { Samples } from './samples.js';

const ACKNOWLEDGEMENT = '43'.charCodeAt(1);
const SUCCESS = Buffer.from('"success":true');
/** `typing` is answered from memory and passed on to the other user: parsing, checking, fan-out, no database. */
const packetOf = (id: number, conversationId: string): Buffer =>
  Buffer.from(`42${id}["typing",{"conversationId":"${conversationId}","typing":true}]`);

/** Counts what a server answers and passes on, with as little work here as possible: the server is to be what is full. */
class CommandLoad {
  private readonly samples = new Samples();
  private window = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  private answered = 0;
  private heard = 0;
  private refused = 0;
  private running = true;

  measure(from: number, to: number): void {
    this.window = { from, to };
  }

  /** Sends bursts for this user, with one write each, until the load ends. */
  begin({ client, conversationId }: User, inFlight: number): void {
    const packets = Array.from({ length: inFlight }, (_, id) => packetOf(id, conversationId));
    let waiting = 0;
    let sentAt = 0;
    const send = (): void => {
      waiting = inFlight;
      sentAt = performance.now();
      client.sendTogether(packets);
    };
    client.onPacket = (frame) => {
      if (frame.length < 2 || frame[0] !== '4'.charCodeAt(0)) return false;
      const now = performance.now();
      const counts = now >= this.window.from && now < this.window.to;
      if (frame[1] !== ACKNOWLEDGEMENT) {
        if (counts) this.heard++;
        return true;
      }
      if (counts) {
        this.answered++;
        this.samples.add(now - sentAt);
        if (!frame.includes(SUCCESS)) this.refused++;
      }
      waiting -= 1;
      if (waiting === 0 && this.running) send();
      return true;
    };
    send();
  }

  end(): void {
    this.running = false;
  }

  result(): LoadCommands['commandLoop']['output'] {
    const seconds = (this.window.to - this.window.from) / 1_000;
    return {
      perSecond: this.answered / seconds,
      heardPerSecond: this.heard / seconds,
      refused: this.refused,
      times: this.samples.quantiles(),
    };
  }
}

export async function runCommandLoop(
  users: readonly User[],
  input: LoadCommands['commandLoop']['input'],
  marks: Marks,
): Promise<LoadCommands['commandLoop']['output']> {
  // Once by each, for the server to know who is in which conversation.
  await forEachLimited(users, 10, async ({ client, conversationId }) => {
    dataOf(await client.request('typing', { conversationId, typing: true }));
  });
  const load = new CommandLoad();
  for (const user of users) load.begin(user, input.inFlight);
  await measured(load, input, marks);
  load.end();
  return load.result();
}
