import type { UserId } from '../../../../contract/index.js';

/** How old clients make up the id of a chat of two. */
export interface DirectIdForm {
  /** What stands before the two user ids, such as `direct_`. */
  prefix: string;
  /** What stands between them, such as `_`. */
  separator: string;
  /** Whether the old app put the two in order (by code units); an id in the other order is then none of its. */
  sorted: boolean;
}

/**
 * With whom the caller would be in a chat of this old id, by every way to cut it into two users of whom the caller is
 * one: one way at least when it is an id of theirs, two when both its beginning and its end could be the caller.
 */
export function partnersIn(oldId: string, caller: UserId, form: DirectIdForm): UserId[] {
  const { prefix, separator, sorted } = form;
  if (!oldId.startsWith(prefix)) return [];
  const pair = oldId.slice(prefix.length);
  const found = new Set<UserId>();
  const isInOrder = (first: string, second: string): boolean => !sorted || first <= second;
  if (pair.startsWith(caller + separator)) {
    const other = pair.slice(caller.length + separator.length);
    if (isInOrder(caller, other)) found.add(other as UserId);
  }
  if (pair.endsWith(separator + caller)) {
    const other = pair.slice(0, -(caller.length + separator.length));
    if (isInOrder(other, caller)) found.add(other as UserId);
  }
  return [...found].filter((other) => other !== '' && other !== caller);
}

/** The id under which an old client of the caller knows their chat with somebody, if it can be read in one way only. */
export function directIdOf(caller: UserId, other: UserId, form: DirectIdForm): string | undefined {
  const [first, second] = caller < other ? [caller, other] : [other, caller];
  const oldId = form.prefix + first + form.separator + second;
  const readAs = partnersIn(oldId, caller, form);
  return readAs.length === 1 && readAs[0] === other ? oldId : undefined;
}
