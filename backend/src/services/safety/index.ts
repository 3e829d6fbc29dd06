import type { UserId } from '../../../../contract/index.js';
import type { Models } from '../../models/index.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ControlLog } from '../controlLog.js';
import type { ConversationViews } from '../conversationViews.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { MessageViews } from '../messageViews.js';
import type { Publisher } from '../ports.js';
import type { UserDirectory } from '../userDirectory.js';
import { BlockDirectory } from './blockDirectory.js';
import { BlockService } from './blockService.js';
import { Discretion } from './discretion.js';
import { MatchService } from './matchService.js';
import { PairNews } from './pairNews.js';
import { Previews } from './previews.js';
import { ReportService } from './reportService.js';
import { VeiledCounts } from './veiledCounts.js';

interface SightParts {
  models: Models;
  users: UserDirectory;
  time: DatabaseTime;
  metrics: Metrics;
  /** These users are to see less, or more, of each other than before. */
  onHiding: (userIds: readonly UserId[]) => void;
}

/** What a process knows of who may see what of whom: everything that is shown or said asks it. */
export function createSight({ models, users, time, metrics, onHiding }: SightParts) {
  const { messages, hides } = models;
  const blocks = new BlockDirectory({ blocks: models.blocks, time, metrics, onChanged: onHiding });
  return {
    blocks,
    discretion: new Discretion({ users, blocks }),
    previews: new Previews({ messages, hides, users }),
    veiledCounts: new VeiledCounts({ messages, blocks }),
    /** For the commit log: at most a second old. */
    atCommit: {
      ensureFresh: async () => {
        await blocks.ensureFresh();
        if (!users.isFresh()) await users.refresh();
      },
      refresh: () => blocks.refresh(),
      isRestricted: (userId: UserId) => users.isRestricted(userId),
      areApart: (a: UserId, b: UserId) => blocks.areApart(a, b),
    },
  };
}

export type Sight = ReturnType<typeof createSight>;

interface SafetyParts {
  models: Models;
  users: UserDirectory;
  time: DatabaseTime;
  memberships: MembershipStore;
  controlLog: ControlLog;
  views: ConversationViews;
  messageViews: MessageViews;
  publisher: Publisher;
  /** Users or blocks were changed here: other processes may want to know before their next poll. */
  onUsersChanged: () => void;
  /** Two who knew each other have parted: nobody here or elsewhere watches the other any more. */
  onApart: (userIds: readonly UserId[]) => void;
}

/** What people can do for their safety, and moderators for everybody's. */
export function createSafety(parts: SafetyParts, sight: Sight) {
  const { models, onUsersChanged, messageViews } = parts;
  const news = new PairNews({ ...models, ...parts });
  return {
    blocks: new BlockService({
      ...{ ...models, ...parts, news },
      ...{ directory: sight.blocks, onChanged: onUsersChanged },
    }),
    matches: new MatchService({ ...parts, news }),
    reports: new ReportService({ ...models, ...parts, views: messageViews }),
  };
}

export type Safety = ReturnType<typeof createSafety>;
