import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster, Node } from '../parts/cluster.js';
import type { FaultKind, PlannedFault } from './schedule.js';

export interface Scene {
  cluster: Cluster;
  /** Duration of a pause of a server, in ms. */
  pauseMs: number;
  /** Drops all clients at once. Resolves when all have reconnected. */
  comeBackAllAtOnce: () => Promise<void>;
}

interface Target extends Scene {
  node: Node;
  strength: number;
}

/** Longest durations of faults, in ms; scaled by `strength`. */
const DATABASE_DOWN_MS = 1_500;
const CUT_MS = 2_000;
const REDIS_DOWN_MS = 2_500;
const REDIS_PAUSE_MS = 4_000;
const DELAYED_MS = 4_000;
const DELAY_MS = 300;
const LOST_REPLIES = 4;
const LOSE_WITHIN_MS = 2_500;
/** Wire format of an insert of messages: the command, the length of the name, the name. */
const INSERT_OF_MESSAGES = 'insert\u0000\u0009\u0000\u0000\u0000messages\u0000';
/** A send of a long-polling client on the wire. */
const SEND_OF_A_CLIENT = '"sendMessage"';

/** Injection of each kind of fault. Resolves when the fault is over, after which everything should recover. */
const INJECTIONS: Record<FaultKind, (target: Target) => Promise<void>> = {
  killServer: async ({ cluster, node }) => {
    await node.process.kill();
    await cluster.restart(node);
  },
  pauseServer: async ({ node, pauseMs }) => {
    node.process.signal('SIGSTOP');
    await wait(pauseMs);
    node.process.signal('SIGCONT');
  },
  drainServer: async ({ cluster, node }) => {
    node.process.signal('SIGTERM');
    await node.process.exited();
    await cluster.restart(node);
  },
  killDatabase: async ({ cluster, strength }) => {
    const downMs = DATABASE_DOWN_MS * strength;
    await cluster.database.kill({ downMs });
    await wait(downMs);
  },
  cutDatabase: ({ node, strength }) => cut(node.toDatabase, strength),
  cutRedis: ({ node, strength }) => cut(node.toRedis, strength),
  cutClients: ({ node, strength }) => cut(node.clientProxy, strength),
  loseReplies: async ({ node }) => {
    const rules = [
      node.toDatabase.watch(INSERT_OF_MESSAGES, 'loseReply', LOST_REPLIES),
      node.clientProxy.watch(SEND_OF_A_CLIENT, 'loseReply', LOST_REPLIES),
      node.toRedis.watch('publish', 'loseReply', LOST_REPLIES),
    ];
    await wait(LOSE_WITHIN_MS);
    for (const rule of rules) rule.release();
  },
  killRedis: async ({ cluster, strength }) => {
    await cluster.redis.kill();
    await wait(REDIS_DOWN_MS * strength);
    await cluster.redis.restart();
  },
  pauseRedis: async ({ cluster, strength }) => {
    cluster.redis.pause();
    await wait(REDIS_PAUSE_MS * strength);
    cluster.redis.resume();
  },
  delay: async ({ node, strength }) => {
    const proxies = [node.clientProxy, node.toDatabase, node.toRedis];
    for (const proxy of proxies) proxy.delay(DELAY_MS * strength);
    await wait(DELAYED_MS);
    for (const proxy of proxies) proxy.delay(0);
  },
  comeBackAllAtOnce: ({ comeBackAllAtOnce }) => comeBackAllAtOnce(),
};

async function cut(proxy: Node['clientProxy'], strength: number): Promise<void> {
  proxy.cut();
  await wait(CUT_MS * strength);
  proxy.pass();
}

export async function inject(scene: Scene, fault: PlannedFault): Promise<void> {
  const node = scene.cluster.nodes[fault.server % scene.cluster.nodes.length];
  if (node === undefined) throw new Error('there are no servers');
  await INJECTIONS[fault.kind]({ ...scene, node, strength: fault.strength });
}

/** Faults that affect a single server, which the schedule names. */
const OF_ONE_SERVER: ReadonlySet<FaultKind> = new Set([
  'killServer',
  'pauseServer',
  'drainServer',
  'cutDatabase',
  'loseReplies',
  'cutRedis',
  'cutClients',
  'delay',
]);

/** Name of the target for the progress line. */
export const targetOf = (scene: Scene, { kind, server }: PlannedFault): string =>
  OF_ONE_SERVER.has(kind) ? (scene.cluster.nodes[server % scene.cluster.nodes.length]?.name ?? '') : '';
