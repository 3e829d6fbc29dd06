import { expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { difference, Names } from './support/compare.js';
import { RawConnection, readFrames, writeFrames, type FrameLine } from './support/frames.js';

/** If set, frames that differ are written into the page instead of compared. */
const IS_UPDATE = process.env['UPDATE_DOCS'] !== undefined;
const PAGE = 'docs/protocol.md';
const PROFILES: Record<string, string> = { alice: 'Alice Moreau', bob: 'Bob Tanaka' };
/** A token in a frame of the page, by what it stands for. */
const TOKEN = /<(token|short token) of (\w+)>/g;
/** Lifetime of a short token, in seconds: it expires while the page is run. */
const SHORT_LIFE_S = 3;

/** Sends the frames of a page on bare WebSockets, and returns what comes back. */
class Replay {
  readonly #connections = new Map<string, RawConnection>();
  readonly names = new Names();

  constructor(readonly server: TestServer) {}

  async send({ user, direction, text }: FrameLine): Promise<void> {
    if (direction === '↔') {
      this.#connections.get(user)?.close();
      this.#connections.set(user, new RawConnection(this.server.url.replace('http', 'ws') + text));
    } else await this.#of(user).send(this.names.translate(text.replace(TOKEN, this.#token)));
  }

  /** Compares received frames with those of the page, in any order. @returns what differs. */
  async compare(user: string, lines: readonly FrameLine[]): Promise<{ found?: string; frames: string[] }> {
    const frames = await this.#of(user)
      .take(lines.length)
      .catch((cause: unknown) => {
        throw new Error(`${PAGE}:${(lines[0]?.at ?? 0) + 1}: ${String(cause)}`, { cause });
      });
    const found = difference(
      lines.map(({ text }) => text),
      frames,
      this.names,
    );
    return { ...(found !== undefined && { found: `${user} ${found}` }), frames };
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #of(user: string): RawConnection {
    const connection = this.#connections.get(user);
    if (connection === undefined) throw new Error(`${user} has no connection yet`);
    return connection;
  }

  readonly #token = (_: string, kind: string, userId: string): string =>
    this.server.token(userId, {
      name: PROFILES[userId],
      ...(kind === 'short token' && { exp: Math.floor(Date.now() / 1_000) + SHORT_LIFE_S }),
    });
}

interface Step {
  sent: FrameLine[];
  received: FrameLine[];
}

/** Splits a block into what is sent and what comes back. A block that begins with received frames: the server is stopped. */
function toSteps(block: readonly FrameLine[]): Step[] {
  const steps: Step[] = [];
  for (const [index, line] of block.entries()) {
    const isReceived = line.direction === '←';
    if (index === 0 || (!isReceived && block[index - 1]?.direction === '←'))
      steps.push({ sent: [], received: [] });
    steps.at(-1)?.[isReceived ? 'received' : 'sent'].push(line);
  }
  return steps;
}

test('the frames of docs/protocol.md are those of the server', async () => {
  await using server = await startServer();
  const replay = new Replay(server);
  const blocks = await readFrames(PAGE);
  expect(blocks.length).toBeGreaterThan(10);
  const differences: string[] = [];
  const changes = new Map<number, string>();
  try {
    for (const step of blocks.flatMap(toSteps)) {
      for (const line of step.sent) await replay.send(line);
      if (step.sent.length === 0) await server.app.close();
      for (const user of new Set(step.received.map((line) => line.user))) {
        const lines = step.received.filter((line) => line.user === user);
        const { found, frames } = await replay.compare(user, lines);
        if (found === undefined) continue;
        differences.push(found);
        for (const [index, { at }] of lines.entries()) {
          changes.set(at, `${user} ← ${replay.names.untranslate(frames[index] ?? '')}`);
        }
      }
    }
  } finally {
    replay.close();
    if (IS_UPDATE) await writeFrames(PAGE, changes);
  }
  if (!IS_UPDATE) expect(differences).toEqual([]);
});
