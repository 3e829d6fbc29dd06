import { parseArgs } from 'node:util';

export interface DataBenchOptions {
  messages: number;
  /** Number of messages in the smaller database, whose memory use is compared; 0 for none. */
  compare: number;
  mongodbUri: string | undefined;
  jsonFile: string | undefined;
}

const MIN_MESSAGES = 2_000;
const DEFAULT_MESSAGES = 1_000_000;

export const USAGE = `Usage: npm run bench -- data [options]

Fills a database with messages, damages some, and runs the tasks of npm run data on it as separate processes. Prints the
speed and the memory of each task. Before that it does the same with a tenth of the messages, to see whether memory
depends on their number.

  --messages N    number of messages (1,000,000)
  --compare N     number of messages in the smaller database (a tenth); 0 for none
  --mongodb URI   use this MongoDB instead of an embedded, durable one; databases named parley-bench-* are created and
                  dropped there
  --json FILE     file for the results (bench/results/<date>-data.json)
  --help          this text

The exit code is 1 when a task found or changed anything other than the planted damage, never because of a time or a size.`;

function countOf(text: string, option: string, min: number): number {
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isInteger(count) || (count < min && count !== 0)) {
    throw new Error(`--${option}: ${text} is not a number of at least ${min}.`);
  }
  return count;
}

/** @returns the options, or 'help' when the usage was requested. @throws when they are invalid. */
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
  if (messages === 0) throw new Error('--messages: must be greater than 0.');
  const compare =
    values.compare === undefined
      ? Math.max(MIN_MESSAGES, Math.floor(messages / 10))
      : countOf(values.compare, 'compare', MIN_MESSAGES);
  return { messages, compare, mongodbUri: values.mongodb, jsonFile: values.json };
}
