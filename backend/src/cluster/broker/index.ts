export { BrokerBus } from './brokerBus.js';
export { BrokerLink } from './brokerLink.js';
export { BrokerPresence } from './brokerPresence.js';
export { toBroker, toWorker } from './frames.js';
export { BrokerRouter } from './router.js';
