export { ConversationService } from './conversationService.js';
export { HeadService } from './headService.js';
export { byChange, type ChangePosition } from './listOrder.js';
export { ListService } from './listService.js';
export {
  ListWalk,
  sharedWalk,
  toSharedTuple,
  type WalkItem,
  walkFromTop,
  type WalkPage,
  type WalkPosition,
} from './listWalk.js';
export { type ChangePositions, Overviews, type OverviewRead } from './overview.js';
export { MAX_HOPS, Redirects } from './redirects.js';
export { SettingsService } from './settingsService.js';
export { UnreadCounts } from './unreadCounts.js';
