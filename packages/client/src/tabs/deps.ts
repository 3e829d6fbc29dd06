import type { SharedLinkDeps } from '../connection/coordination.js';
import type { TabPorts } from './ports.js';

export interface TabLinkDeps extends SharedLinkDeps {
  ports: TabPorts;
  /** Milliseconds in which a leader answers that is not frozen; two silences in a row replace it. Default: 3,000. */
  probeMs?: number | undefined;
}
