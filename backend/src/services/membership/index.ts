export { absencesAfter, findAbsentAt, isAbsentAt, joinedAfter } from './absences.js';
export { Access, type MemberAccess } from './access.js';
export { type LogEnd, readWithEnd } from './logEnd.js';
export type { LogState } from './logState.js';
export {
  changeOf,
  emptyMembership,
  fold,
  foldShadow,
  isLargeSize,
  isSilent,
  maxMembers,
  type MemberFacts,
  type Membership,
  othersIn,
  visibleFrom,
} from './membership.js';
export { MembershipStore, toMembershipEvent } from './membershipStore.js';
export { MembershipWriter } from './membershipWriter.js';
export { isOutside, withFacts, withMembership } from './overlay.js';
export {
  blocked,
  forbidden,
  mayAs,
  refusalOfMessage,
  requireInside,
  type Right,
  Sealed,
  SYSTEM_FACTS,
} from './rules.js';
export { isPair, isValid, isValidDirect } from './validConversation.js';
