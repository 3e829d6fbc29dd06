import { z } from 'zod';
import { groupBy } from '../checker/facts.js';

const WARNING = 40;
const line = z.object({ level: z.number(), msg: z.string(), step: z.string().optional() });

/** What servers had to complain of, and how often: faults explain most of it, and what they do not is worth a look. */
export function countComplaints(output: string): [complaint: string, count: number][] {
  const complaints = output.split('\n').flatMap((text) => {
    const parsed = line.safeParse(parse(text));
    if (!parsed.success || parsed.data.level < WARNING) return [];
    const { msg, step } = parsed.data;
    return [step === undefined ? msg : `${msg} (${step})`];
  });
  return [...groupBy(complaints, (complaint) => complaint)]
    .map(([complaint, all]): [string, number] => [complaint, all.length])
    .sort(([, a], [, b]) => b - a);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
