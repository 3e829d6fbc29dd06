import type { Conversation, ConversationHandle } from '@parley/client';

/**
 * Finds the first message since a time by halving the range of `seq`: times grow with it. A hundred thousand messages take
 * seventeen requests.
 *
 * @throws ParleyError
 */
export async function firstSeqSince(
  handle: Pick<ConversationHandle, 'loadOne'>,
  { visibleFromSeq, lastSeq }: Pick<Conversation, 'visibleFromSeq' | 'lastSeq'>,
  timeMs: number,
): Promise<number> {
  let [low, high] = [visibleFromSeq, lastSeq];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await timeAtOrAfter(handle, middle, high);
    if (at === undefined || at >= timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Entries that the user may not see have no time: the next one that they see stands for it. */
async function timeAtOrAfter(
  handle: Pick<ConversationHandle, 'loadOne'>,
  seq: number,
  high: number,
): Promise<number | undefined> {
  for (let next = seq; next <= high; next += 1) {
    const message = await handle.loadOne(next);
    if (message !== undefined) return Date.parse(message.createdAt);
  }
  return undefined;
}
