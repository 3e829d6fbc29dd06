import type { ScenarioId, ScenarioResult, Target } from './results.js';

/** A value that a release should reach on a machine with two cores. Printed only; missing it is no failure. */
export interface Floor {
  text: string;
  value: number | undefined;
  met: boolean | undefined;
}

interface FloorRule {
  text: string;
  read: (
    figure: (scenario: ScenarioId, name: string, target?: Target) => number | undefined,
  ) => number | undefined;
  holds: (value: number) => boolean;
}

type Read = Parameters<FloorRule['read']>[0];

const ratio = (value: number | undefined, other: number | undefined): number | undefined =>
  value === undefined || other === undefined || other === 0
    ? undefined
    : Math.round((value / other) * 100) / 100;

/** Ratio of a figure between two targets of the same run. */
const compare =
  (scenario: ScenarioId, name: string, targets: [Target, Target]) =>
  (figure: Read): number | undefined =>
    ratio(figure(scenario, name, targets[0]), figure(scenario, name, targets[1]));

const atMost =
  (limit: number) =>
  (value: number): boolean =>
    value <= limit;

const RULES: readonly FloorRule[] = [
  {
    text: 'a: at least 4,000 stored messages/s',
    read: (figure) => figure('a', 'messages'),
    holds: (value) => value >= 4_000,
  },
  {
    text: 'a: at least 2.5 times the server without batches',
    read: compare('a', 'messages', ['parley', 'unbatched']),
    holds: (value) => value >= 2.5,
  },
  {
    text: 'b: delivered in less than 4 ms, p50',
    read: (figure) => figure('b', 'send→delivered p50'),
    holds: (value) => value < 4,
  },
  {
    text: 'b: delivered in less than 20 ms, p99',
    read: (figure) => figure('b', 'send→delivered p99'),
    holds: (value) => value < 20,
  },
  {
    text: 'b: delivered within 4 times a bare relay, p99',
    read: compare('b', 'send→delivered p99', ['parley', 'relay']),
    holds: atMost(4),
  },
  {
    text: 'b: less than 40 KB per idle connection',
    read: (figure) => figure('b', 'per idle connection'),
    holds: (value) => value < 40,
  },
  {
    text: 'b2: at least 4,000 stored messages/s with 1,000 users',
    read: (figure) => figure('b2', 'messages'),
    holds: (value) => value >= 4_000,
  },
  {
    text: 'b2: delivered in less than 1,000 ms, p99',
    read: (figure) => figure('b2', 'send→delivered p99'),
    holds: (value) => value < 1_000,
  },
  {
    text: 'd: message 1 at most 2 times the newest end',
    read: (figure) => figure('d', 'first ÷ newest, p50'),
    holds: (value) => value <= 2,
  },
  {
    text: 'f: 150 of 150 answered',
    read: (figure) => figure('f', 'answered, the worst round'),
    holds: (value) => value === 150,
  },
  ...(['parley', 'redis'] as const).map((target) => ({
    text: `d: newest 50 from a copy (${target === 'redis' ? 'Redis' : 'memory'}) in at most 2 ms, p50`,
    read: (figure: Read) => figure('d', '50 messages, newest p50', target),
    holds: atMost(2),
  })),
  {
    text: 'd: mark read in at most 5 ms, p50',
    read: (figure) => figure('d', 'mark read p50'),
    holds: atMost(5),
  },
  {
    text: 'e: total unread, 10 of 10,000 unread, in at most 1 ms, p50',
    read: (figure) => figure('e', 'total unread, 10 unread p50'),
    holds: atMost(1),
  },
  {
    text: 'g: less than 40 KB per idle connection of 5,000',
    read: (figure) => figure('g', 'per idle connection'),
    holds: (value) => value < 40,
  },
  ...(['SIGTERM', 'SIGKILL'] as const).map((signal) => ({
    text: `g: all 5,000 back within 10 s of ${signal}`,
    read: (figure: Read) => figure('g', `${signal}: all back after`),
    holds: atMost(10_000),
  })),
  {
    text: 'j: mark read one-to-one in at most 5 ms, p50',
    read: (figure) => figure('j', 'mark read, one-to-one p50'),
    holds: atMost(5),
  },
  {
    text: 'j: 100 readers of a message answered within 100 ms, without the window, p50',
    read: (figure) => figure('j', 'mark read, 100 readers, all answered p50'),
    holds: atMost(100),
  },
  {
    text: 'j: a post to a channel of 10,000 at most 1.3 times one to a channel of 10, p50',
    read: (figure) => figure('j', 'post, 10,000 ÷ 10 members, p50'),
    holds: atMost(1.3),
  },
  {
    text: 'k: delivered beside photos in at most 1.2 times the time without, p99',
    read: (figure) => figure('k', 'beside photos ÷ alone, p99'),
    holds: atMost(1.2),
  },
  {
    text: 'k: a page with 100 images in at most 1.3 times the time of one without, p50',
    read: (figure) => figure('k', 'with images ÷ without, p50'),
    holds: atMost(1.3),
  },
  {
    text: 'h: two workers at least 1.6 times one process, commands',
    read: compare('h', 'commands', ['workers', 'parley']),
    holds: (value) => value >= 1.6,
  },
];

export function evaluateFloors(results: readonly ScenarioResult[]): Floor[] {
  const figure = (scenario: ScenarioId, name: string, target: Target = 'parley'): number | undefined =>
    results
      .find((result) => result.scenario === scenario && result.target === target)
      ?.figures.find((one) => one.name === name)?.value;
  return RULES.map(({ text, read, holds }) => {
    const value = read(figure);
    return { text, value, met: value === undefined ? undefined : holds(value) };
  });
}
