import type { Task } from './frame/task.js';
import { archiveMessages } from './tasks/archiveMessages.js';
import { backfillParticipantsKey } from './tasks/backfillParticipantsKey.js';
import { checkDuplicates } from './tasks/checkDuplicates.js';
import { cleanupDuplicateChats } from './tasks/cleanupDuplicateChats.js';
import { renewEpoch } from './tasks/renewEpoch.js';
import { splitGroupConversations } from './tasks/splitGroupConversations.js';
import { addEntryKinds, undo } from './tasks/undo.js';

/** Every task of `npm run data`, in the order of the help. Each has a file of its own name in `scripts/`. */
export const TASKS: readonly Task[] = [checkDuplicates, backfillParticipantsKey, cleanupDuplicateChats, splitGroupConversations, archiveMessages, renewEpoch, undo];

addEntryKinds(TASKS.flatMap(({ entryKinds = [] }) => entryKinds));
