import type { Remedy } from '../../../backend/src/models/verify/remedy.js';

/** Returns the end of a finding's sentence: a command that can be run unchanged. */
export const describeHelp = (help: Remedy): string =>
  'task' in help
    ? `; npm run data -- ${help.task} repairs it`
    : `; to look at it and decide: npm run data -- ${help.look}`;
