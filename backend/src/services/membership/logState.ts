import type { UserId } from '../../../../contract/index.js';
import { type MemberFacts, type Membership } from './membership.js';

/**
 * A conversation at the position where an entry is to be appended, with the facts of the users that the entry concerns.
 */
export interface LogState {
  membership: Membership;
  facts: ReadonlyMap<UserId, MemberFacts>;
}
