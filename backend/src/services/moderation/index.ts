export { verdict, type ModerationHook, type ReviewRequest, type Verdict } from './hook.js';
export { Moderation, type ModerationSettings, type Reviewed } from './moderation.js';
