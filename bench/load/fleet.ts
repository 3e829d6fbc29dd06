import jwt from 'jsonwebtoken';
import { performance } from 'node:perf_hooks';
import type { Answer } from '../../contract/index.js';
import type { Server } from './commands.js';
import { Samples } from './samples.js';
import { WireClient } from './wire.js';

/** A connected user and the conversation they send to. */
export interface User {
  userId: string;
  client: WireClient;
  conversationId: string;
  /** Opens a new connection as the same user to the same port. */
  connectAgain: () => Promise<WireClient>;
}

/** Signs a token like an app's backend. */
export const signToken = (userId: string, secret: string): string =>
  jwt.sign({ sub: userId }, secret, { algorithm: 'HS256', expiresIn: '1h' });

/** Returns the port of the user with this index. */
export const portOf = ({ ports }: Server, index: number): number => ports[index % ports.length] ?? 0;

/** Runs `work` for every item with limited concurrency. */
export async function forEachLimited<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}

/** Returns the data of an answer. @throws when the answer is an error. */
export function dataOf(answer: Answer<unknown>): unknown {
  if (!answer.success) throw new Error(`Answered ${answer.code}: ${answer.error}`);
  return answer.data;
}

/** All connected users, by group. */
export class Fleet {
  private readonly groups = new Map<string, User[]>();

  group(name: string): User[] {
    const users = this.groups.get(name);
    if (users === undefined) throw new Error(`No group ${name} is connected.`);
    return users;
  }

  async connect(options: { server: Server; group: string; userIds: string[]; atOnce: number }) {
    const { server, userIds } = options;
    const samples = new Samples();
    const auths: Record<string, string>[] = userIds.map((userId) =>
      server.secret === undefined ? { userId } : { token: signToken(userId, server.secret) },
    );
    const clients: WireClient[] = [];
    const startedAt = performance.now();
    await forEachLimited(auths, options.atOnce, async (auth, index) => {
      const began = performance.now();
      clients[index] = await WireClient.connect(portOf(server, index), auth);
      samples.add(performance.now() - began);
    });
    const wallMs = performance.now() - startedAt;
    const users = clients.map((client, index) => ({
      client,
      userId: userIds[index] ?? '',
      conversationId: '',
      connectAgain: () => WireClient.connect(portOf(server, index), auths[index] ?? {}),
    }));
    this.groups.set(options.group, users);
    return { wallMs, each: samples.quantiles() };
  }

  async disconnect(group: string): Promise<void> {
    await Promise.all(this.group(group).map((user) => user.client.close()));
    this.groups.delete(group);
  }

  /** Opens a conversation between users 0 and 1, 2 and 3 … */
  async pairUp(group: string): Promise<string[]> {
    const users = this.group(group);
    const firsts = users.filter((_, index) => index % 2 === 0);
    const conversationIds: string[] = [];
    await forEachLimited(firsts, 20, async (first, index) => {
      const second = users[index * 2 + 1];
      if (second === undefined) return;
      const answer = await first.client.request('getOrCreateDirect', { otherUserId: second.userId });
      const { conversation } = dataOf(answer) as { conversation: { _id: string } };
      first.conversationId = second.conversationId = conversation._id;
      conversationIds[index] = conversation._id;
    });
    return conversationIds;
  }
}
