export type { ClusterPublisher } from './clusterPublisher.js';
export { createDelivery, type Delivery } from './createDelivery.js';
export { PresenceWatches } from './presenceWatches.js';
export type { WatchedConversations } from './watchedConversations.js';
