import type { UserId } from '../../../../contract/index.js';
import type { Models } from '../../models/index.js';
import type { ReportedFiles } from '../attachments/index.js';
import type { ChangeService } from '../changes/index.js';
import type { MembershipEventLog } from '../commitLog/index.js';
import type { Summaries } from '../derived/index.js';
import type { MembershipStore } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { UserDirectory } from '../users/index.js';
import type { ConversationViews, MessageViews } from '../views/index.js';
import type { ViewerRules } from '../visibility/index.js';
import { BlockService } from './blockService.js';
import { MatchService } from './matchService.js';
import { PairNotifier } from './pairNotifier.js';
import { ReportDecisions } from './reportDecisions.js';
import { ReportService } from './reportService.js';

interface SafetyDeps {
  models: Models;
  users: UserDirectory;
  summaries: Summaries;
  time: DatabaseTime;
  memberships: MembershipStore;
  membershipEventLog: MembershipEventLog;
  views: ConversationViews;
  messageViews: MessageViews;
  changes: Pick<ChangeService, 'deleteForEveryone'>;
  reportedFiles: ReportedFiles;
  publisher: Publisher;
  /** Called after users or blocks were changed here, so that other processes can read them before their next poll. */
  onUsersChanged: () => void;
  /** Called when two users have unmatched: they may no longer watch each other's presence, on any process. */
  onUnmatched: (userIds: readonly UserId[]) => void;
}

/** Creates the services for blocks, unmatching and reports. */
export function createSafety(deps: SafetyDeps, viewerRules: ViewerRules) {
  const { models, onUsersChanged, messageViews } = deps;
  const notifier = new PairNotifier({ ...models, ...deps });
  return {
    blocks: new BlockService({
      ...models,
      ...deps,
      notifier,
      directory: viewerRules.blocks,
      acquaintance: viewerRules.acquaintance,
      onChanged: onUsersChanged,
    }),
    matches: new MatchService({ ...deps, notifier }),
    reports: new ReportService({ ...models, ...deps, views: messageViews }),
    decisions: new ReportDecisions({ ...models, ...deps }),
  };
}

export type Safety = ReturnType<typeof createSafety>;
