import type { Task } from './frame/task.js';
import { addConversationValidation } from './tasks/addConversationValidation.js';
import { archiveMessages } from './tasks/archiveMessages.js';
import { backfillParticipantsKey } from './tasks/backfillParticipantsKey.js';
import { backfillWords } from './tasks/backfillWords.js';
import { checkDuplicates } from './tasks/checkDuplicates.js';
import { cleanupDuplicateChats } from './tasks/cleanupDuplicateChats.js';
import { harden } from './tasks/harden.js';
import { importLegacy } from './tasks/importLegacy.js';
import { placeMessages } from './tasks/placeMessages.js';
import { renewEpoch } from './tasks/renewEpoch.js';
import { repairCounters } from './tasks/repairCounters.js';
import { show } from './tasks/show.js';
import { splitGroupConversations } from './tasks/splitGroupConversations.js';
import { sweepAttachments } from './tasks/sweepAttachments.js';
import { syncIndexes } from './tasks/syncIndexes.js';
import { addEntryKinds, undo } from './tasks/undo.js';
import { verifyMessageUserIntegrity } from './tasks/verifyMessageUserIntegrity.js';

/** All tasks of `npm run data` in the order of the help. Each task has its own file in `tasks/`. */
export const TASKS: readonly Task[] = [
  harden,
  checkDuplicates,
  addConversationValidation,
  verifyMessageUserIntegrity,
  show,
  backfillParticipantsKey,
  backfillWords,
  cleanupDuplicateChats,
  splitGroupConversations,
  repairCounters,
  placeMessages,
  syncIndexes,
  importLegacy,
  archiveMessages,
  sweepAttachments,
  renewEpoch,
  undo,
];

addEntryKinds(TASKS.flatMap(({ entryKinds = [] }) => entryKinds));
