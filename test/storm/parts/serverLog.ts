import { z } from 'zod';
import { groupBy } from '../checker/facts.js';

const WARNING = 40;
const line = z.object({ level: z.number(), msg: z.string(), step: z.string().optional() });

/** Counts warnings and errors of the servers. Faults explain most of them; others are worth a look. */
export function countWarnings(output: string): [warning: string, count: number][] {
  const warnings = output.split('\n').flatMap((text) => {
    const parsed = line.safeParse(parse(text));
    if (!parsed.success || parsed.data.level < WARNING) return [];
    const { msg, step } = parsed.data;
    return [step === undefined ? msg : `${msg} (${step})`];
  });
  return [...groupBy(warnings, (warning) => warning)]
    .map(([warning, all]): [string, number] => [warning, all.length])
    .sort(([, a], [, b]) => b - a);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
