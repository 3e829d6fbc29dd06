import type { ScenarioId, ScenarioResult, Target } from './results.js';

/** What a release should reach on a machine with two cores. Printed, never a reason to fail. */
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

const RULES: readonly FloorRule[] = [
  {
    text: 'a: at least 4,000 stored messages/s',
    read: (figure) => figure('a', 'messages'),
    holds: (value) => value >= 4_000,
  },
  {
    text: 'a: at least 2.5 times the server without batches',
    read: (figure) => {
      const [batched, unbatched] = [figure('a', 'messages'), figure('a', 'messages', 'unbatched')];
      if (batched === undefined || unbatched === undefined) return undefined;
      return Math.round((batched / unbatched) * 100) / 100;
    },
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
];

export function judge(results: readonly ScenarioResult[]): Floor[] {
  const figure = (scenario: ScenarioId, name: string, target: Target = 'parley'): number | undefined =>
    results
      .find((result) => result.scenario === scenario && result.target === target)
      ?.figures.find((one) => one.name === name)?.value;
  return RULES.map(({ text, read, holds }) => {
    const value = read(figure);
    return { text, value, met: value === undefined ? undefined : holds(value) };
  });
}
