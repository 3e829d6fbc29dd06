import type { OutgoingAnswer, OutgoingRequest, OutgoingRequests } from '../services/outgoing.js';
import { OutgoingRefused } from '../services/outgoing.js';
import type { PushOutcome } from '../services/pushProvider.js';

/** Result of a request that a provider may not have answered. */
export type Answered = { answer: OutgoingAnswer } | { outcome: PushOutcome };

/** Characters of a provider's explanation that are logged. */
const MAX_REASON_CHARS = 200;

export const retry = (reason: string, retryAfterMs?: number): PushOutcome => ({
  outcome: 'retryAfter',
  reason: reason.slice(0, MAX_REASON_CHARS),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

export const failed = (reason: string, isRefused = false): PushOutcome => ({
  outcome: 'failed',
  reason: reason.slice(0, MAX_REASON_CHARS),
  isRefused,
});

export const SENT: PushOutcome = { outcome: 'sent' };
export const INVALID: PushOutcome = { outcome: 'invalidToken' };

/** Sends a request. Without an answer in time, it is to be repeated; a refused address never will be reached. */
export async function ask(outgoing: OutgoingRequests, request: OutgoingRequest): Promise<Answered> {
  try {
    return { answer: await outgoing.send(request) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const refusal = refusalOf(error);
    return { outcome: refusal === undefined ? retry(reason) : failed(`the address ${refusal.message}`) };
  }
}

/** Returns the refusal of the guard that caused an error, if one did. */
function refusalOf(error: unknown): OutgoingRefused | undefined {
  if (error instanceof OutgoingRefused) return error;
  return error instanceof Error && error.cause !== undefined ? refusalOf(error.cause) : undefined;
}

/** Returns the wait that `Retry-After` asks for, in ms: seconds, or a date. */
export function retryAfterMs(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

/** True for answers that say "not now". */
export const isTemporary = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Returns the JSON of an answer; undefined for anything else. */
export function jsonOf({ body }: Pick<OutgoingAnswer, 'body'>): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Runs work on items, a bounded number at a time. Returns the results in the order of the items. */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  maxAtATime: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const takeOn = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(maxAtATime, items.length) }, takeOn));
  return results;
}
