/** Push notifications: `import { withPush } from '@parley/client/push'`. */
export type { PushApi, PushClient, PushOptions } from './api/push.js';
export { withPush } from './push/withPush.js';
