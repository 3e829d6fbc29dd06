import type { TestClient } from '../../support/client.js';
import { startServer, type TestServer } from '../../support/server.js';
import { Device, type DeviceOptions } from './device.js';
import type { Packet } from './packets.js';

/** Alice with an SDK client, Bob with a bare socket, and their conversation, which holds one message of Bob ("hello"). */
export interface Pair extends AsyncDisposable {
  alice: Device;
  bob: TestClient;
  conversationId: string;
  aliceId: string;
}

/** A server that all tests of a file share: each test has users of its own. */
export class Scene implements AsyncDisposable {
  #pairs = 0;

  private constructor(readonly server: TestServer) {}

  static async start(): Promise<Scene> {
    return new Scene(await startServer());
  }

  /** Starts a pair of new users. Alice has the conversation open. */
  async pair(options: Partial<DeviceOptions> = {}): Promise<Pair> {
    this.#pairs += 1;
    const aliceId = `alice-${this.#pairs}`;
    const bob = await this.server.connectAs(`bob-${this.#pairs}`);
    const conversationId = await bob.open(aliceId);
    await say(bob, conversationId, 'hello');
    const alice = await this.device(aliceId, options);
    if (options.connect !== false) await alice.open(conversationId);
    const dispose = async (): Promise<void> => {
      await alice[Symbol.asyncDispose]();
      bob.close();
    };
    return { alice, bob, conversationId, aliceId, [Symbol.asyncDispose]: dispose };
  }

  device(userId: string, options: Partial<DeviceOptions> = {}): Promise<Device> {
    return Device.start({ serverUrl: this.server.url, userId, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Sends over a bare socket, and fails unless it was stored. @returns its `seq` */
export async function say(client: TestClient, conversationId: string, content: string): Promise<number> {
  const { seq } = await client.ok('sendMessage', {
    conversationId,
    content,
    clientMessageId: crypto.randomUUID(),
  });
  return seq;
}

/** Returns the texts that the server has stored, in their order. */
export async function storedTexts(client: TestClient, conversationId: string): Promise<string[]> {
  const { messages } = await client.ok('getMessages', { conversationId, limit: 200 });
  return messages.flatMap((entry) =>
    entry.kind === 'hidden' || entry.kind === 'system' ? [] : [entry.content],
  );
}

export const isCommand =
  (event: string) =>
  (packet: Packet): boolean =>
    packet.kind === 'command' && packet.event === event;

export const isAnswer =
  (event: string) =>
  (packet: Packet): boolean =>
    packet.kind === 'answer' && packet.event === event;

export const isPush =
  (event: string) =>
  (packet: Packet): boolean =>
    packet.kind === 'push' && packet.event === event;

/** Returns the largest number of `sendMessage` commands of one conversation that were under way at a time. */
export function mostInFlight(packets: readonly Packet[]): number {
  let most = 0;
  let connection = 0;
  const open = new Map<string, string>();
  for (const packet of packets) {
    // The commands of a connection end with it: their answers cannot arrive any more.
    if (packet.connection > connection) open.clear();
    connection = Math.max(connection, packet.connection);
    if (packet.event !== 'sendMessage' || packet.connection < connection) continue;
    const { conversationId } = packet.payload as { conversationId: string };
    if (packet.kind === 'command') open.set(packet.id ?? '', conversationId);
    if (packet.kind === 'answer') open.delete(packet.id ?? '');
    most = Math.max(most, [...open.values()].filter((one) => one === conversationId).length);
  }
  return most;
}
