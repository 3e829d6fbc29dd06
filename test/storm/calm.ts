import { setTimeout as wait } from 'node:timers/promises';
import { listAll } from '../faults/support/summaries.js';
import { Api, dataOf } from '../support/api.js';
import type { FinalState, Holdings } from './checker/history.js';
import type { StormDevice } from './clients/stormDevice.js';
import { seenConversation, seenMessage } from './clients/views.js';
import { readFinalState } from './parts/finalState.js';
import type { Stage } from './stage.js';
import { Facts, groupBy } from './checker/facts.js';

/** Time without any progress after which the run is considered stalled, in ms. */
const STALLED_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 250;
const PAGE = 200;
const AT_A_TIME = 8;

/** Final phase without faults: everything is delivered, and all devices record their state. */
export async function calmDown(stage: Stage): Promise<FinalState> {
  const devices = stage.devices.filter(({ isStopped }) => !isStopped);
  for (const { connection } of devices) connection.open();
  await settled(stage, 'every message is acknowledged', () => {
    return devices.flatMap(({ parts, unsent }) =>
      Array.from({ length: unsent }, () => `${parts.client} still waits for an acknowledgement`),
    );
  });
  await settled(stage, 'summaries are right', async () => laggards(await readFinalState(stage.truth)));
  const heads = headsOf(await readFinalState(stage.truth));
  const memberships = new Facts({
    seed: stage.options.seed,
    events: [],
    final: await readFinalState(stage.truth),
  });
  const mine = ({ parts }: StormDevice): string[] =>
    [...memberships.conversations.keys()].filter((id) => memberships.isIn(parts.user, id));
  await settled(stage, 'everybody has caught up', async () => {
    const behind = devices.filter((device) => !hasAll(device, mine(device), heads));
    await Promise.all(behind.map((device) => device.sync()));
    return behind
      .filter((device) => !hasAll(device, mine(device), heads))
      .map(({ parts }) => `${parts.client} lacks messages`);
  });
  for (const device of devices) device.testify();
  const users = [...groupBy(devices, ({ parts }) => parts.user).values()].flatMap(([device]) => device ?? []);
  while (users.length > 0)
    await Promise.all(users.splice(0, AT_A_TIME).map((device) => takeStock(stage, device)));
  await Promise.all(devices.map((device) => device.stop()));
  return readFinalState(stage.truth);
}

/** Waits until no violations are left. Violations that do not decrease any more are reported. */
async function settled(
  stage: Stage,
  what: string,
  leftover: () => string[] | Promise<string[]>,
): Promise<void> {
  let best = Infinity;
  let bestAtMs = stage.log.now();
  for (;;) {
    const left = await leftover();
    if (left.length === 0) return;
    if (left.length < best) [best, bestAtMs] = [left.length, stage.log.now()];
    if (stage.log.now() - bestAtMs > STALLED_AFTER_MS) {
      const text = `"${what}" did not come true: ${left.slice(0, 5).join('; ')} (${left.length} in all)`;
      stage.violations.push({ rule: 'recovery', text, evidence: [] });
      return;
    }
    await wait(LOOK_EVERY_MS);
  }
}

const headsOf = ({ messages }: FinalState): Map<string, number> =>
  messages.reduce(
    (heads, { conversationId, seq }) =>
      heads.set(conversationId, Math.max(seq, heads.get(conversationId) ?? 0)),
    new Map<string, number>(),
  );

function laggards(state: FinalState): string[] {
  const heads = headsOf(state);
  return state.conversations
    .filter(({ _id, lastSeq }) => lastSeq < (heads.get(_id) ?? 0))
    .map(({ _id, lastSeq }) => `${_id} is summarised up to ${lastSeq}`);
}

const hasAll = (device: StormDevice, mine: readonly string[], heads: ReadonlyMap<string, number>): boolean =>
  device.hasAll(new Map(mine.map((id) => [id, heads.get(id) ?? 0])));

/** Reads everything again through any server: the list, the totals, and every conversation from its beginning. */
async function takeStock(stage: Stage, device: StormDevice): Promise<void> {
  const { clientProxy } = stage.balancer.next();
  const api = new Api(clientProxy.url, device.token());
  const { conversations, totalUnread } = await listAll(api);
  const unread = dataOf(await api.get<{ totalUnread: number }>('/api/unread'));
  device.log({
    kind: 'counted',
    conversations: conversations.map(seenConversation),
    totalUnread,
    unreadEndpoint: unread.totalUnread,
  });
  const holdings: Holdings = {};
  for (const { _id } of conversations) holdings[_id] = await readAll(stage, device, _id);
  device.log({ kind: 'fresh', holdings });
}

async function readAll(stage: Stage, device: StormDevice, conversationId: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const askedAt = stage.log.now();
    const after = ids.length;
    const page = await device.ask('getMessages', { conversationId, after, limit: PAGE });
    if (page === undefined) return ids;
    const messages = page.messages.map(seenMessage);
    const { lastSeq } = page;
    device.log({ kind: 'page', conversationId, askedAt, fromSeq: after + 1, limit: PAGE, messages, lastSeq });
    ids.push(...messages.map(({ _id }) => _id));
    if (!page.hasMore || messages.length === 0) return ids;
  }
}
