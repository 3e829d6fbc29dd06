import { setTimeout as wait } from 'node:timers/promises';
import { connectClient, type TestClient } from '../../support/client.js';
import { makeToken } from '../../support/tokens.js';
import { seenMessage } from '../clients/views.js';
import type { StormLog } from '../log.js';
import type { Node } from '../parts/cluster.js';
import type { World } from '../world.js';

const USER = 'probe';
const OTHER = 'probe-friend';
/** Long, because no fault is active then, but the machine may be busy. */
const ANSWER_TIMEOUT_MS = 20_000;
const RETRY_MS = 50;

/** Checks servers one after another for accepting messages, which defines "recovered". */
export class Probe {
  #conversationId: string | undefined;
  #count = 0;

  constructor(
    readonly log: StormLog,
    readonly world: World,
  ) {}

  /** Resolves when every server has acknowledged a new message. @throws when one has not within `timeoutMs`. */
  async untilAllAnswer(nodes: readonly Node[], timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    await Promise.all(nodes.map((node) => this.#untilAnswers(node, endMs)));
  }

  async #untilAnswers(node: Node, endMs: number): Promise<void> {
    this.#count += 1;
    const clientMessageId = `probe-${this.#count}`;
    for (let attempt = 1; ; attempt += 1) {
      if (await this.#try(node, clientMessageId, attempt)) return;
      if (performance.now() > endMs) throw new Error(`${node.name} does not take messages any more`);
      await wait(RETRY_MS);
    }
  }

  async #try(node: Node, clientMessageId: string, attempt: number): Promise<boolean> {
    try {
      await using client = await within(
        connectClient(node.clientProxy.url, USER, { token: makeToken(USER) }),
      );
      const conversationId = (this.#conversationId ??= await within(client.open(OTHER)));
      this.world.add(conversationId, [USER, OTHER]);
      const teller = { client: `${USER}/${node.name}`, user: USER, server: node.name };
      const content = `is ${node.name} there?`;
      this.log.add(teller, { kind: 'send', conversationId, clientMessageId, content, attempt });
      const answer = await within(client.send(conversationId, content, clientMessageId));
      if (!answer.success) return false;
      const { duplicate, ...view } = answer.data;
      this.log.add(teller, { kind: 'acked', message: seenMessage(view), duplicate });
      return true;
    } catch {
      return false;
    }
  }
}

async function within<T>(asked: Promise<T>): Promise<T> {
  const late = wait(ANSWER_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error('no answer');
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    // A connection that opens after the timeout is closed.
    void asked.then(
      (one) => {
        if (isClient(one)) one.close();
      },
      () => undefined,
    );
    throw error;
  }
}

const isClient = (one: unknown): one is TestClient =>
  one !== null && typeof one === 'object' && 'socket' in one && 'heard' in one;
