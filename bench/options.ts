import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCENARIO_IDS, TARGETS, type ScenarioId, type Target } from './results.js';

/** Options of a benchmark run. */
export interface BenchOptions {
  only: readonly ScenarioId[];
  targets: readonly Target[];
  quick: boolean;
  profile: boolean;
  jsonFile: string | undefined;
  mongodbUri: string | undefined;
  mongodbPids: readonly number[];
  /** Entry point of the server, of this checkout or of another one. */
  entry: string;
  /** Entry point of the build to compare with, if one is given. */
  before: string | undefined;
}

/** Path of the server's entry point within `dist`. */
const ENTRY = join('backend', 'src', 'index.js');

export const USAGE = `Usage: npm run bench -- [options], or npm run bench -- data [options] (the tasks of npm run data)

  --only a,b,b2,c,d,e,f,g,h,i,j,k
                          run these scenarios only
                            a   100 users in 50 pairs, one message in flight each
                            b   1,000 users, 200 messages/s; connection time and memory
                            b2  1,000 users, one message in flight each
                            c   one busy conversation, 200 messages in flight
                            d   history of a conversation of 100,000 messages; marking read
                            e   the list and the unread count of a user with 10,000 conversations
                            f   150 requests at once open the same conversation
                            g   5,000 connections, and their reconnect after a restart and a kill
                            h   1,000 users on one process and on several, with messages and with commands
                                that need no database
                            i   adapters that reach users of another process over Redis, without a database
                            j   marking read alone and by 100 at once, posting to channels of 10 and of
                                10,000, a busy group of 1,000
                            k   photos checked beside 200 messages/s; pages with images
  --targets parley,…      what to measure:
                            parley      the server
                            unbatched   the server without batches in its commit log (COMMIT_MAX_BATCH=1)
                            uncached    the server without caches of the newest messages (MESSAGE_CACHE=off)
                            workers     the server with two worker processes (WORKERS=2)
                            redis       two servers that share a redis-server started by the benchmark
                            relay       bare Socket.IO without storage
                            classic, sharded, streams, bus
                                        two bare processes connected by each of Socket.IO's Redis adapters, and
                                        by Parley's own bus (scenario i)
  --quick                 short and small: checks that everything works; the figures are not comparable
  --profile               write a CPU profile of the server per scenario and print its hot spots
                          (the figures of such a run are too low)
  --mongodb URI           use this MongoDB instead of an embedded one; databases named parley-bench-*
                          are created and dropped there
  --mongodb-pids 1,2      its processes on this machine, to count their CPU
  --server DIR            measure another checkout's build: DIR is its folder, or the dist in it
  --before DIR            also measure the build of that checkout, as the targets before and redis-before
                          (scenarios a, b2, c, h), to compare two builds in one run
  --json FILE             file for the results (bench/results/<date>.json)
  --help                  this text

Everything runs on the loopback interface, and every started process is stopped again. The exit code is 1 when a
scenario could not run or a check of the stored data failed, never because of a time.`;

export function findEntry(folder: string | undefined): string {
  if (folder === undefined) return fileURLToPath(new URL('../backend/src/index.js', import.meta.url));
  const found = [join(folder, 'dist', ENTRY), join(folder, ENTRY)].find((file) => existsSync(file));
  if (found === undefined) throw new Error(`--server: there is no build in ${folder}.`);
  return resolve(found);
}

function pick<T extends string>(text: string | undefined, known: readonly T[], option: string): readonly T[] {
  if (text === undefined) return known;
  const asked = text.split(',').map((part) => part.trim());
  const unknown = asked.find((part) => !known.some((one) => one === part));
  if (unknown !== undefined) throw new Error(`--${option}: ${unknown} is none of ${known.join(', ')}.`);
  return known.filter((one) => asked.includes(one));
}

/** @returns the options, or 'help' when the usage was requested. */
export function readOptions(args: string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      targets: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      mongodb: { type: 'string' },
      'mongodb-pids': { type: 'string', default: '' },
      server: { type: 'string' },
      before: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    only: pick(values.only, SCENARIO_IDS, 'only'),
    targets: pick(values.targets, TARGETS, 'targets'),
    quick: values.quick,
    profile: values.profile,
    jsonFile: values.json,
    mongodbUri: values.mongodb,
    mongodbPids: values['mongodb-pids'].split(',').map(Number).filter(Boolean),
    entry: findEntry(values.server),
    before: values.before === undefined ? undefined : findEntry(values.before),
  };
}
