export { GroupNotifier } from './groupNotifier.js';
export { type Caller, GroupService } from './groupService.js';
export { MemberList } from './memberList.js';
export { Newcomers, type ConsumeStrangerQuota } from './newcomers.js';
