export type { TabLinkDeps } from './deps.js';
export { browserTabPorts, type TabBus, type TabLocks, type TabPorts } from './ports.js';
export { createTabLink } from './tabLink.js';
