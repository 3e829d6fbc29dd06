/** Escapes what has a meaning in a key, so that `a_b` + `c` and `a` + `b_c` give two keys. */
export const escapeId = (userId: string): string => userId.replaceAll('%', '%25').replaceAll('_', '%5F');

/** A pair of users in the one order that both of them, and every process, arrive at. */
export const sortPair = <Id extends string>(a: Id, b: Id): [Id, Id] => (a < b ? [a, b] : [b, a]);

/**
 * The key of a pair's one direct conversation: both ids, sorted by UTF-16 code units, escaped, joined by `_`.
 * The same for both orders, and injective: no two pairs share a key.
 */
export function participantsKey(a: string, b: string): string {
  const [first, second] = sortPair(a, b);
  return `${escapeId(first)}_${escapeId(second)}`;
}
