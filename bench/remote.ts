import { startChild } from './children.js';
import type { LoadCommandName, LoadCommands, LoadReply, LoadRequest } from './load/commands.js';
import type { CpuPhase } from './results.js';
import { CpuMeter } from './processes.js';

/** Interface of the benchmark to the load generator process. */
export interface LoadGenerator {
  readonly pid: number;
  run: <Name extends LoadCommandName>(
    name: Name,
    input: LoadCommands[Name]['input'],
  ) => Promise<LoadCommands[Name]['output']>;
  /** CPU usage of each measured time so far. */
  cpu: () => CpuPhase[];
  stop: () => Promise<void>;
}

/** @param groups returns the processes to measure in addition to the generator, when a measured time begins. */
export function startLoadGenerator(groups: () => Record<string, readonly number[]>): LoadGenerator {
  const child = startChild('./load/main.js');
  let meter: CpuMeter | undefined;
  const cpu: CpuPhase[] = [];
  let load = '';
  let settle: ((reply: LoadReply) => void) | undefined;
  child.process.on('message', (reply: LoadReply) => {
    if (reply.type === 'begin') meter = new CpuMeter({ ...groups(), 'load generator': [child.pid] });
    else if (reply.type === 'end') cpu.push({ load, shares: meter?.read() ?? [] });
    else settle?.(reply);
  });
  child.process.once('exit', () => settle?.({ type: 'failed', error: 'The load generator ended.' }));
  return {
    pid: child.pid,
    run: (name, input) =>
      new Promise((resolve, reject) => {
        settle = (reply) => {
          if (reply.type === 'done') resolve(reply.output as LoadCommands[typeof name]['output']);
          else if (reply.type === 'failed') reject(new Error(`${name}: ${reply.error}`));
        };
        load = name;
        const request: LoadRequest = { name, input };
        child.process.send(request);
      }),
    cpu: () => cpu,
    stop: () => child.stop(),
  };
}
