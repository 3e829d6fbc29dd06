export { browserTabPorts, type TabBus, type TabLocks, type TabPorts } from './ports.js';
export { createTabLink, type TabLinkDeps } from './tabLink.js';
