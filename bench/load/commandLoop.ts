import { performance } from 'node:perf_hooks';
import type { LoadCommands } from './commands.js';
import { dataOf, forEachLimited, type User } from './fleet.js';
import { measured, type Marks } from './loops.js';
import { Samples } from './samples.js';
import { frameOf } from './wire.js';

const ACKNOWLEDGEMENT = '43'.charCodeAt(1);
const SUCCESS = Buffer.from('"success":true');
/** `typing` needs no database: it is parsed, authorized and published from memory. The recipient is offline. */
const packetOf = (id: number, conversationId: string): string =>
  `42${id}["typing",{"conversationId":"${conversationId}","typing":true}]`;

/** Counts answers with as little work as possible, so that the server is the bottleneck and not the load generator. */
class CommandLoad {
  private readonly samples = new Samples();
  private window = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  private answered = 0;
  private refused = 0;
  private running = true;

  measure(from: number, to: number): void {
    this.window = { from, to };
  }

  /** Sends bursts for this user until the load ends; one write per burst. */
  begin({ client, conversationId }: User, inFlight: number): void {
    const ids = Array.from({ length: inFlight }, (_, id) => id);
    const burst = Buffer.concat(ids.map((id) => frameOf(packetOf(id, conversationId))));
    let waiting = 0;
    let sentAt = 0;
    const send = (): void => {
      waiting = inFlight;
      sentAt = performance.now();
      client.write(burst);
    };
    client.onPacket = (frame) => {
      if (frame.length < 2 || frame[0] !== '4'.charCodeAt(0)) return false;
      const now = performance.now();
      if (frame[1] !== ACKNOWLEDGEMENT) return true;
      if (now >= this.window.from && now < this.window.to) {
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
  // One user of each pair sends, spread over the processes. The others disconnect: whether a typing notice is delivered
  // or
  // dropped in favour of a later one depends on the number of processes, and so would the amount of work.
  const isSender = (index: number): boolean => index % 4 === 0 || index % 4 === 3;
  await Promise.all(users.filter((_, index) => !isSender(index)).map(({ client }) => client.close()));
  const senders = users.filter((_, index) => isSender(index));
  // Warm-up: the server caches the membership of each sender.
  await forEachLimited(senders, 10, async ({ client, conversationId }) => {
    dataOf(await client.request('typing', { conversationId, typing: true }));
  });
  const load = new CommandLoad();
  for (const user of senders) load.begin(user, input.inFlight);
  await measured(load, input, marks);
  load.end();
  return load.result();
}
