import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { ROOT } from '../../scripts/support/npmRun.js';
import { until } from '../../support/until.js';

/** A line of a block of frames: `alice → 40{…}` (sent), `alice ← 40{…}` (received), `alice ↔ /socket.io/…` (opened). */
export interface FrameLine {
  /** Line of the page, counted from 0. */
  at: number;
  user: string;
  direction: '→' | '←' | '↔';
  text: string;
}

/** Heads of large conversations come at intervals: between which frames is not determined. */
const COALESCED = '42["conversation:updated",{"success":true,"data":{"head"';
const LINE = /^(\w+) (→|←|↔) (.*)$/;

/** Returns the blocks of a page that show frames, each as its lines. */
export async function readFrames(page: string): Promise<FrameLine[][]> {
  const lines = (await readFile(join(ROOT, page), 'utf8')).split('\n');
  const blocks: FrameLine[][] = [];
  let isInside = false;
  for (const [at, line] of lines.entries()) {
    if (line.startsWith('```')) {
      isInside = line === '```text';
      if (isInside) blocks.push([]);
      continue;
    }
    const [, user, direction, text] = isInside ? (LINE.exec(line) ?? []) : [];
    if (user !== undefined) blocks.at(-1)?.push({ at, user, direction, text } as FrameLine);
  }
  return blocks.filter((block) => block.length > 0);
}

/** Replaces lines of a page. */
export async function writeFrames(page: string, changes: ReadonlyMap<number, string>): Promise<void> {
  const path = join(ROOT, page);
  const lines = (await readFile(path, 'utf8')).split('\n');
  for (const [at, line] of changes) lines[at] = line;
  await writeFile(path, lines.join('\n'));
}

/** A WebSocket without any library of Engine.IO or Socket.IO above it. Answers pings. */
export class RawConnection {
  readonly #received: string[] = [];
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      if (text === '2') this.#socket.send('3');
      else if (!text.startsWith(COALESCED)) this.#received.push(text);
    });
    this.#socket.on('close', (code) => this.#received.push(`(closed with code ${code})`));
  }

  async send(text: string): Promise<void> {
    await until(() => this.#socket.readyState === WebSocket.OPEN);
    this.#socket.send(text);
  }

  /** Returns the next frames when all of them have arrived. */
  async take(count: number): Promise<string[]> {
    await until(() => this.#received.length >= count, { timeoutMs: 20_000, what: `frame ${count}` }).catch(
      (cause: unknown) => {
        throw new Error(`fewer than ${count} frames: ${this.#received.join('\n')}`, { cause });
      },
    );
    return this.#received.splice(0, count);
  }

  close(): void {
    this.#socket.terminate();
  }
}
