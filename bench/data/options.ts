import { parseArgs } from 'node:util';

export interface DataBenchOptions {
  messages: number;
  /** The smaller database that memory is compared with; 0 for none. */
  compare: number;
  mongodbUri: string | undefined;
  jsonFile: string | undefined;
}

const MIN_MESSAGES = 2_000;
const DEFAULT_MESSAGES = 1_000_000;

export const USAGE = `Usage: npm run bench -- data [options]

Fills a database with messages, damages some, runs the tasks of npm run data on it as the processes they are, and
says how fast each was and how much memory it took; in a database with a tenth of the messages first, to see whether
memory depends on their number.

  --messages N    how many (1,000,000)
  --compare N     how many in the smaller database (a tenth); 0 for none
  --mongodb URI   use this MongoDB instead of an embedded, durable one; databases named parley-bench-* are made there
                  and dropped again
  --json FILE     where the results go (bench/results/<date>-data.json)
  --help          this text

The exit code is 1 when a task found or changed other things than were planted, never because of a time or a size.`;

function countOf(text: string, option: string, min: number): number {
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isInteger(count) || (count < min && count !== 0)) {
    throw new Error(`--${option}: ${text} is not a number of at least ${min}.`);
  }
  return count;
}

/** @returns the options, or 'help' when they were asked for the usage. @throws when they make no sense. */
export function readDataOptions(args: string[]): DataBenchOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      messages: { type: 'string', default: String(DEFAULT_MESSAGES) },
      compare: { type: 'string' },
      mongodb: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const messages = countOf(values.messages, 'messages', MIN_MESSAGES);
  if (messages === 0) throw new Error('--messages: 0 messages show nothing.');
  const compare =
    values.compare === undefined
      ? Math.max(MIN_MESSAGES, Math.floor(messages / 10))
      : countOf(values.compare, 'compare', MIN_MESSAGES);
  return { messages, compare, mongodbUri: values.mongodb, jsonFile: values.json };
}
