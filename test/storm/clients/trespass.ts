import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, CommandName } from '../../../contract/index.js';
import { Api } from '../../support/api.js';
import type { Random } from '../random.js';
import { at, type World } from '../world.js';
import { decide } from './decision.js';
import type { StormDevice } from './stormDevice.js';

type Attempt = (device: StormDevice, conversationId: string) => Promise<[command: string, code: string]>;

const codeOf = (answer: Answer<unknown> | undefined): string =>
  answer === undefined ? 'no answer' : answer.success ? 'OK' : answer.code;

const command =
  (name: CommandName, payload: (conversationId: string, device: StormDevice) => object): Attempt =>
  async (device, conversationId) => [
    name,
    codeOf(await device.tryForbidden(name, { ...payload(conversationId, device) })),
  ];

const overHttp =
  (method: string, path: (conversationId: string) => string, body?: object): Attempt =>
  async (device, conversationId) => {
    const { clientProxy } = device.parts.balancer.next();
    const reply = new Api(clientProxy.url, device.token()).request(method, path(conversationId), body);
    const answer = await reply.then(
      (one) => one.body,
      () => undefined,
    );
    return [`${method} ${path(':id')}`, codeOf(answer)];
  };

/** All commands that a user can try in a conversation they have no access to. */
const ATTEMPTS: readonly Attempt[] = [
  command('getMessages', (conversationId) => ({ conversationId })),
  command('getConversation', (conversationId) => ({ conversationId })),
  command('sendMessage', (conversationId, device) => ({
    conversationId,
    content: 'let me in',
    clientMessageId: device.newClientMessageId(),
  })),
  command('message:read', (conversationId) => ({ conversationId, seq: 1 })),
  command('message:delivered', (conversationId) => ({ conversationId, seq: 1 })),
  command('typing', (conversationId) => ({ conversationId, typing: true })),
  command('getMembers', (conversationId) => ({ conversationId })),
  command('watchConversation', (conversationId) => ({ conversationId, watching: true })),
  command('joinConversation', (conversationId) => ({ conversationId })),
  command('addMembers', (conversationId, { parts }) => ({ conversationId, userIds: [parts.user] })),
  command('getChanges', (conversationId) => ({ conversationId, afterRev: 0 })),
  overHttp('GET', (id) => `/api/conversations/${id}/messages?limit=5`),
  overHttp('GET', (id) => `/api/conversations/${id}`),
  overHttp('POST', (id) => `/api/conversations/${id}/messages`, {
    content: 'let me in',
    clientMessageId: 'x',
  }),
  overHttp('POST', (id) => `/api/conversations/${id}/read`, { seq: 1 }),
];

/** Tries one command in a conversation of others. */
export async function trespass(
  device: StormDevice,
  conversationId: string | undefined,
  which: number,
): Promise<void> {
  const attempt = at(ATTEMPTS, which);
  if (conversationId === undefined || attempt === undefined || !device.connection.isUp) return;
  const [name, code] = await attempt(device, conversationId);
  device.log({ kind: 'trespass', command: name, conversationId, code });
}

/** A stranger: connected, knows all ids, is in no conversation, and tries one command after another. */
export async function prowl(
  device: StormDevice,
  world: World,
  parts: { random: Random; over: AbortSignal; users: readonly string[] },
): Promise<void> {
  while (!parts.over.aborted && !device.isStopped) {
    const { which, where, waitMs } = decide(parts.random);
    await trespass(device, at(world.notOf(device.parts.user), where)?.id, which);
    const watched = await device.connection.call('presence:watch', { userIds: parts.users.slice(0, 100) });
    if (watched?.success === true) {
      for (const { userId } of watched.data.presences) {
        device.log({ kind: 'toldOf', push: 'presence:watch', aboutUser: userId });
      }
    }
    await device.sync();
    await wait(waitMs / 2);
  }
}
