export { CommitLog, type CommitLogLimits } from './commitLog.js';
export type { Committed, Decision, Entry, MessageBody } from './entry.js';
export { MembershipEventLog, type MembershipRequest } from './membershipEventLog.js';
