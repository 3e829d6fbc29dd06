import type { TaskContext } from '../frame/taskContext.js';
import type { ImportMapping } from './mapping.js';
import type { Source } from './source.js';
import type { Staging } from './staging.js';
import type { Tally } from './tally.js';
import type { TimeReader } from './times.js';

/** Shared by all steps of staging an old system. */
export interface StageParts {
  mapping: ImportMapping;
  source: Source;
  staging: Staging;
  context: TaskContext;
  times: TimeReader;
  tally: Tally;
}
