import { changesCommands } from './changes.js';
import { coreCommands } from './core.js';
import { followMoves } from './followMoves.js';
import { groupsCommands } from './groups.js';
import { listCommands } from './list.js';
import { safetyCommands } from './safety.js';
import { searchCommands } from './search.js';
import type { CommandHandlers, CommandParts } from './types.js';

/** One thin function per command, for every door: a row of the contract without one is a compile error. */
export const createCommands = (parts: CommandParts): CommandHandlers =>
  followMoves(parts.moves, {
    ...coreCommands(parts),
    ...groupsCommands(parts),
    ...changesCommands(parts),
    ...listCommands(parts),
    ...safetyCommands(parts),
    ...searchCommands(parts),
  });
