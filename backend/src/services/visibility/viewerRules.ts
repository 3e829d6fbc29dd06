import type { UserId } from '../../../../contract/index.js';
import type { Models } from '../../models/index.js';
import type { Metrics } from '../../utils/metrics.js';
import type { Summaries } from '../derived/index.js';
import type { MembershipStore } from '../membership/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { UserDirectory } from '../users/index.js';
import { Acquaintance } from './acquaintance.js';
import { BlockDirectory } from './blockDirectory.js';
import { HiddenPins } from './hiddenPins.js';
import { PersonalView } from './personalView.js';
import { Previews } from './previews.js';
import { PrivacyPolicy } from './privacyPolicy.js';
import { RedactedCounts } from './redactedCounts.js';
import { Restrictions } from './restrictions.js';
import { ShadowView } from './shadowView.js';

interface ViewerRulesDeps {
  models: Models;
  summaries: Summaries;
  users: UserDirectory;
  memberships: MembershipStore;
  time: DatabaseTime;
  metrics: Metrics;
  /** Called when these users may see more or less of each other than before. */
  onVisibilityChanged: (userIds: readonly UserId[]) => void;
}

/** Creates the services that decide what a viewer may see. Every view, push and commit depends on them. */
export function createViewerRules({
  models,
  summaries,
  users,
  memberships,
  time,
  metrics,
  onVisibilityChanged,
}: ViewerRulesDeps) {
  const { messages, hides, unreadExceptions } = models;
  const blocks = new BlockDirectory({ blocks: models.blocks, time, metrics, onChanged: onVisibilityChanged });
  const acquaintance = new Acquaintance({ ...models, summaries, blocks });
  const restrictions = new Restrictions(users);
  const shadows = new ShadowView({ ...models, memberships, restrictions });
  const personal = new PersonalView({ ...models, shadows });
  return {
    blocks,
    acquaintance,
    restrictions,
    shadows,
    personal,
    privacyPolicy: new PrivacyPolicy({ users, blocks }),
    hiddenPins: new HiddenPins(hides),
    previews: new Previews({ messages, hides, restrictions, personal }),
    redactedCounts: new RedactedCounts({ unreadExceptions, blocks }),
    /** Checks for the commit log, from data that is at most one second old. */
    atCommit: {
      ensureFresh: async () => {
        await blocks.ensureFresh();
        await restrictions.ensureFresh();
      },
      refresh: () => blocks.refresh(),
      restrictions,
      isBlockedPair: (a: UserId, b: UserId) => blocks.isBlockedPair(a, b),
      findHiddenBlocks: (pairs: Parameters<Acquaintance['findHiddenBlocks']>[0]) =>
        acquaintance.findHiddenBlocks(pairs),
      hasBlocks: (userId: UserId) => blocks.hasBlocks(userId),
      showsReads: (userId: UserId) => users.knownPrivacy(userId).readReceipts,
    },
  };
}

export type ViewerRules = ReturnType<typeof createViewerRules>;
