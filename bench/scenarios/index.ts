import { ADAPTER_COMPARISON } from './adapters.js';
import { CROWD, HOT, PAIRS } from './closedLoop.js';
import { CONNECTIONS } from './connections.js';
import { FILES } from './files.js';
import { GROUPS } from './groups.js';
import { HISTORY } from './history.js';
import { LIST } from './list.js';
import { PROCESSES } from './processes.js';
import { RACE } from './race.js';
import type { Scenario } from './scenario.js';
import { STEADY } from './steady.js';

export const SCENARIOS: readonly Scenario[] = [
  PAIRS,
  STEADY,
  CROWD,
  HOT,
  HISTORY,
  LIST,
  RACE,
  CONNECTIONS,
  PROCESSES,
  ADAPTER_COMPARISON,
  GROUPS,
  FILES,
];
