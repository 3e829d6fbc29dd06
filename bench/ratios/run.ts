import type { Database } from '../database.js';
import type { Side } from './sides.js';
import type { Table } from './table.js';

/** Everything that a part of the ratio bench uses. */
export interface RatioRun {
  database: Database;
  /** Parley, and the build before if one is given. */
  storing: readonly Side[];
  relay: Side;
  table: Table;
  rounds: number;
  quick: boolean;
  progress: (text: string) => void;
}
