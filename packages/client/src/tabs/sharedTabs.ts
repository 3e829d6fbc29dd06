import type { TabCoordination } from '../connection/coordination.js';
import { browserTabPorts } from './ports.js';
import { createTabLink } from './tabLink.js';

/**
 * The tabs of one user in a browser share a connection and an outbox: pass it as `tabs` to `createParleyClient`, in every tab.
 * Without Web Locks (other environments, insecure origins) each tab stands alone.
 */
export const sharedTabs = (): TabCoordination => ({
  createSharedLink: (deps) => {
    const ports = browserTabPorts();
    return ports && createTabLink({ ...deps, ports });
  },
});
