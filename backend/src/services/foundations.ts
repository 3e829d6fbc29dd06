import type { Models } from '../models/index.js';
import type { OwnWrites } from '../models/ownWrites.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { HeadService } from './conversations/index.js';
import { Summaries } from './derived/index.js';
import type { ServiceEvents } from './events.js';
import { Access, MembershipStore, MembershipWriter } from './membership/index.js';
import { createLookups, DatabaseTime, WriteWatermark } from './runtime/index.js';
import { UserDirectory } from './users/index.js';
import { createViewerRules } from './visibility/index.js';

export interface FoundationDeps {
  models: Models;
  ownWrites: OwnWrites;
  metrics: Metrics;
  logger: Logger;
  events: ServiceEvents;
}

/**
 * Builds what both socket delivery and services depend on: users, visibility rules, membership and conversation
 * summaries. Nothing here sends pushes.
 */
export function createFoundations({ models, ownWrites, metrics, logger, events }: FoundationDeps) {
  const time = new DatabaseTime();
  const watermark = new WriteWatermark(time);
  const membershipWriter = new MembershipWriter({ ...models, watermark, logger });
  const memberships = new MembershipStore({ ...models, writer: membershipWriter });
  const summaries = new Summaries({ ...models, memberships, watermark, metrics, logger });
  const users = new UserDirectory({
    users: models.users,
    time,
    logger,
    onRevoked: (revoked) => events.emit('tokensRevoked', revoked),
    onChanged: () => events.emit('usersChanged'),
    onVisibilityChanged: (userId) => events.emit('visibilityChanged', [userId]),
  });
  const viewerRules = createViewerRules({
    models,
    summaries,
    users,
    memberships,
    time,
    metrics,
    onVisibilityChanged: (userIds) => events.emit('visibilityChanged', userIds),
  });
  const access = new Access(memberships);
  return {
    ownWrites,
    time,
    watermark,
    membershipWriter,
    memberships,
    summaries,
    users,
    viewerRules,
    access,
    lookups: createLookups(models),
    heads: new HeadService({ ...models, memberships, summaries, access }),
  };
}

export type Foundations = ReturnType<typeof createFoundations>;
