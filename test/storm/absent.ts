import { setTimeout as wait } from 'node:timers/promises';
import type { CommandData } from '../../contract/index.js';
import { Api, type ApiReply } from '../support/api.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { AWAY_MS, makeCursorOld, makeOld } from './clients/absent.js';
import type { Device } from './clients/device.js';
import type { Store } from './clients/store.js';
import { mayRetry } from './clients/outbox.js';
import { seenMessage } from './clients/views.js';
import { first, type Cast } from './cast.js';
import type { Stage } from './stage.js';

const USER = 'absent';
const FRIENDS = 6;
/** Number of users who each send one message to the absent user; more than a page of `sync`. */
const PEN_PALS = 130;
const AT_A_TIME = 8;
const RETRY_MS = 200;
const SETTLE_TIMEOUT_MS = 60_000;

/**
 * Lets a user sync and then disconnect for a simulated month: everything stored so far, and the user's cursor, are
 * moved a month into the past while no server runs. Starts the first server, and then all of them.
 *
 * @returns the state of the user's device, for the return.
 */
export async function leaveForAMonth(stage: Stage, users: readonly string[]): Promise<Store> {
  const { cluster, truth } = stage;
  await cluster.startServers(1);
  stage.balance();
  const device = stage.device(USER, 1);
  device.connection.open();
  for (const friend of users.slice(0, FRIENDS)) {
    const id = await device.open(friend);
    if (id === undefined) throw new Error('a conversation could not be opened');
    stage.world.add(id, [USER, friend]);
    device.say(id);
  }
  await until(() => device.outbox.length === 0, { what: 'the first messages', timeoutMs: SETTLE_TIMEOUT_MS });
  await until(() => device.sync(), { what: 'a first sync', timeoutMs: SETTLE_TIMEOUT_MS });
  await device.stop();
  for (const node of cluster.nodes) {
    node.process.signal('SIGTERM');
    await node.process.exited();
    await makeOld(truth, AWAY_MS);
    await cluster.restart(node);
  }
  await cluster.startServers();
  stage.balance();
  const { store } = device;
  if (store.cursor !== undefined) store.cursor = makeCursorOld(store.cursor, AWAY_MS);
  return store;
}

/** Fills the month: long conversations with friends, and short ones with many new users. */
export async function fillAMonth(stage: Stage, cast: Cast): Promise<void> {
  const conversations = stage.world.of(USER);
  const share = Math.ceil(stage.options.backlog / Math.max(1, conversations.length));
  for (const { id, members } of conversations) {
    const friend = members.find((member) => member !== USER) ?? '';
    for (let count = 0; count < share; count += 1) first(cast.devices, friend).say(id);
  }
  const pals = Array.from({ length: PEN_PALS }, (_, index) => `pal-${index + 1}`);
  while (pals.length > 0) await Promise.all(pals.splice(0, AT_A_TIME).map((pal) => writeOnce(stage, pal)));
  const busy = (): boolean => stage.devices.some(({ unsent, isStopped }) => !isStopped && unsent > 0);
  await until(() => !busy(), { what: 'a month of messages', timeoutMs: 3 * SETTLE_TIMEOUT_MS });
}

/** Connects the same device of the user a month later. */
export function comeBack(stage: Stage, store: Store): Device {
  const device = stage.device(USER, 2, { store });
  device.connection.open();
  return device;
}

/** Opens a conversation and sends one message over HTTP. Retries while a busy machine refuses. */
async function writeOnce(stage: Stage, user: string): Promise<void> {
  const { name, clientProxy } = stage.balancer.next();
  const api = new Api(clientProxy.url, makeToken(user));
  const teller = { client: `${user}/http`, user, server: name };
  const opened = await insist<CommandData<'getOrCreateDirect'>>(() =>
    api.post('/api/chats/create-or-get', { otherUserId: USER }),
  );
  const conversationId: string = opened.conversation._id;
  stage.log.add(teller, { kind: 'opened', withUser: USER, conversationId, created: opened.created });
  stage.world.add(conversationId, [user, USER]);
  const message = { content: `hello from ${user}`, clientMessageId: `${user}-1` };
  let attempt = 0;
  const { duplicate, ...view } = await insist<CommandData<'sendMessage'>>(() => {
    attempt += 1;
    stage.log.add(teller, { kind: 'send', conversationId, ...message, attempt });
    return api.post(`/api/conversations/${conversationId}/messages`, message);
  });
  stage.log.add(teller, { kind: 'acked', message: seenMessage(view), duplicate });
}

/** Retries a call. @throws for refusals that do not ask for a retry. */
async function insist<Data>(call: () => Promise<ApiReply<Data>>): Promise<Data> {
  for (;;) {
    const { body } = await call();
    if (body.success) return body.data;
    if (!mayRetry(body.code)) throw new Error(`refused: ${body.code} ${body.error}`);
    await wait(body.retryAfterMs ?? RETRY_MS);
  }
}
