export type { TabLinkDeps } from './deps.js';
export type { TabBus, TabLocks, TabPorts } from './ports.js';
export { sharedTabs } from './sharedTabs.js';
export { createTabLink } from './tabLink.js';
