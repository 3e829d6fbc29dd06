/** Several tabs of one user: `import { sharedTabs } from '@parley/client/tabs'`. */
export { sharedTabs } from './tabs/index.js';
