export { OVERLAP_MS, recoverSummaries } from './recovery.js';
export { audienceOf, Summaries } from './summaries.js';
