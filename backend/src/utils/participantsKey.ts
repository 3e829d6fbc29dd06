/** Escapes the separator, so that `a_b` + `c` and `a` + `b_c` give different keys. */
export const escapeId = (userId: string): string => userId.replaceAll('%', '%25').replaceAll('_', '%5F');

/** Sorts a pair of users by UTF-16 code units: every process gets the same order. */
export const sortPair = <Id extends string>(a: Id, b: Id): [Id, Id] => (a < b ? [a, b] : [b, a]);

/**
 * Key of the one direct conversation of a pair: both ids sorted by UTF-16 code units, escaped, joined by `_`. It does
 * not depend on the order of the arguments, and no two pairs share a key.
 */
export function participantsKey(a: string, b: string): string {
  const [first, second] = sortPair(a, b);
  return `${escapeId(first)}_${escapeId(second)}`;
}
