import type { UserId } from '../../../../contract/index.js';

/** Format in which old clients build the id of a direct conversation: prefix, user, separator, user. */
export interface DirectIdForm {
  /** Text before the two user ids, such as `direct_`. */
  prefix: string;
  /** Text between the two user ids, such as `_`. */
  separator: string;
  /** True when the old app sorted the two users by code units. An id in the other order is then invalid. */
  sorted: boolean;
}

/**
 * Returns the possible partners of the caller in a direct conversation with this old id. Empty if the caller is not
 * part of it. Two partners if both its beginning and its end could be the caller.
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

/** Returns the old id of the caller's direct conversation with another user; undefined if it would be ambiguous. */
export function directIdOf(caller: UserId, other: UserId, form: DirectIdForm): string | undefined {
  const [first, second] = caller < other ? [caller, other] : [other, caller];
  const oldId = form.prefix + first + form.separator + second;
  const readAs = partnersIn(oldId, caller, form);
  return readAs.length === 1 && readAs[0] === other ? oldId : undefined;
}
