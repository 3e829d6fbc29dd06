export { AllowedHosts, isAllowRule } from './allowedHosts.js';
export { createLookup, type Resolve } from './connector.js';
export { HttpModerationHook } from './moderationHook.js';
export { OutgoingGuard } from './outgoingGuard.js';
