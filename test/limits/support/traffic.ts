import type { TestClient } from '../../support/client.js';
import { until } from '../../support/until.js';

/** A text of 8,000 characters that is 32 KB on the wire. */
export const LONG_TEXT = '\u{1F4AC}'.repeat(8_000);

/**
 * Sends long messages, twenty (or `atATime`) at once, while `goOn` returns true. @returns the number of stored
 * messages.
 */
export async function sendWhile(
  sender: TestClient,
  conversationId: string,
  { goOn, atATime = 20 }: { goOn: (sent: number) => boolean | Promise<boolean>; atATime?: number },
): Promise<number> {
  let sent = 0;
  while (await goOn(sent)) {
    const answers = await Promise.all(
      Array.from({ length: atATime }, () => sender.send(conversationId, LONG_TEXT)),
    );
    sent += answers.filter((answer) => answer.success).length;
  }
  return sent;
}

/** Returns all messages of a conversation in order, as its member finds them after a `sync`. */
export async function allMessages(reader: TestClient, conversationId: string): Promise<number[]> {
  await reader.ok('sync', {});
  const seqs: number[] = [];
  for (;;) {
    const page = await reader.ok('getMessages', { conversationId, after: seqs.at(-1) ?? 0, limit: 100 });
    seqs.push(...page.messages.map(({ seq }) => seq));
    if (!page.hasMore) return seqs;
  }
}

/** Returns a metric from `/metrics`; 0 if it has not been counted yet. */
export async function scrape(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
  return lines.reduce((sum, line) => sum + Number(line[1]), 0);
}

export const untilMetric = (url: string, name: string, atLeast: number): Promise<unknown> =>
  until(async () => (await scrape(url, name)) >= atLeast, {
    what: `${name} ≥ ${atLeast}`,
  });
