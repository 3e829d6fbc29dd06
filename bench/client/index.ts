import { startChild } from '../children.js';
import { formatTable } from '../report.js';
import { runSmallBench } from '../smallBench.js';
import { startStubServer, type StubSize } from './stubServer.js';
import type { MemoryPair, SubjectCommandName, SubjectCommands, SubjectReply, TimePair } from './subject.js';

const USAGE = `Usage: npm run bench -- client [options]

Measures the client SDK in a process of its own, against a server that answers from memory. Every figure stands beside a
baseline of the same run: JSON.parse of the stored values that the client reads, or the same sync calls over a bare socket.

  --quick       few and small rounds: checks that everything works; the figures are not comparable
  --json FILE   file for the results (bench/results/<date>-client.json)
  --help        this text

The exit code is 1 when something could not be measured, never because of a time.`;

const FULL = { conversations: 1_000, opened: 50, messages: 200, changed: 10_000, rounds: 15 };
const QUICK = { conversations: 100, opened: 5, messages: 200, changed: 500, rounds: 2 };

interface Row {
  name: string;
  client: number;
  baseline: number;
  unit: 'ms' | 'MB';
}

/** Runs a command in a new process, so that no measurement leaves anything to the next. */
async function inSubject<Name extends SubjectCommandName>(
  name: Name,
  input: SubjectCommands[Name]['input'],
): Promise<SubjectCommands[Name]['output']> {
  const child = startChild('client/subject.js', { nodeOptions: ['--expose-gc'] });
  try {
    const reply = await new Promise<SubjectReply>((resolve, reject) => {
      child.process.once('message', (message: SubjectReply) => resolve(message));
      child.process.once('exit', () => reject(new Error(`The process of ${name} has ended.`)));
      child.process.send({ name, input });
    });
    if ('error' in reply) throw new Error(`${name}: ${reply.error}`);
    // The answer to a command is its output.
    return reply.output;
  } finally {
    await child.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Medians over all rounds but the first, which compiles. */
function timeRow(name: string, pairs: readonly TimePair[]): Row {
  const warm = pairs.length > 1 ? pairs.slice(1) : pairs;
  return {
    name,
    client: median(warm.map(({ clientMs }) => clientMs)),
    baseline: median(warm.map(({ baselineMs }) => baselineMs)),
    unit: 'ms',
  };
}

const coldRow = (name: string, [first]: readonly TimePair[]): Row => ({
  name,
  client: first?.clientMs ?? 0,
  baseline: first?.baselineMs ?? 0,
  unit: 'ms',
});

const memoryRow = (name: string, { clientBytes, baselineBytes }: MemoryPair): Row => ({
  name,
  client: clientBytes / 2 ** 20,
  baseline: baselineBytes / 2 ** 20,
  unit: 'MB',
});

async function measureAll(size: typeof FULL): Promise<Row[]> {
  const { conversations, opened, messages, changed, rounds } = size;
  const stub: StubSize = { conversations, messagesPerConversation: messages, changed: 0 };
  const server = await startStubServer(stub);
  const away = await startStubServer({ ...stub, conversations: changed, changed });
  try {
    console.log('filling the storage of a device');
    const stored = await inSubject('fill', { url: server.url, conversations, opened, messages });
    console.log('measuring the first list');
    const lists = await inSubject('firstList', { stored, conversations, rounds });
    console.log('measuring stored messages');
    const messagesOpened = await inSubject('openStored', { stored, opened, messages, rounds });
    console.log('measuring memory');
    const memory = await inSubject('memory', { stored, opened, messages });
    console.log('measuring a resync');
    const resyncs = await inSubject('resync', { url: away.url, stored, rounds: Math.ceil(rounds / 3) });
    return [
      coldRow(`first list of ${conversations} stored conversations, first time in a process`, lists),
      timeRow(`first list of ${conversations} stored conversations`, lists),
      timeRow(`${opened * messages} stored messages opened, in ${opened} conversations`, messagesOpened),
      timeRow(`resync of ${changed} changed conversations`, resyncs),
      memoryRow(`heap of ${conversations} conversations`, memory.list),
      memoryRow(`heap of ${opened * messages} messages`, memory.opened),
    ];
  } finally {
    await Promise.all([server.close(), away.close()]);
  }
}

const show = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

const formatRows = (rows: readonly Row[]): string =>
  formatTable([
    ['', 'SDK', 'baseline', 'ratio'],
    ...rows.map(({ name, client, baseline, unit }) => [
      name,
      `${show(client)} ${unit}`,
      `${show(baseline)} ${unit}`,
      `${(client / baseline).toFixed(2)} ×`,
    ]),
  ]).join('\n');

await runSmallBench({
  ...{ name: 'client', usage: USAGE, full: FULL, quick: QUICK, format: formatRows },
  measure: measureAll,
});
