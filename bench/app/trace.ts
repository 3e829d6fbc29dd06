/** Tasks of a page's main thread, from the DevTools protocol's trace. */

/** The parts of a session of the DevTools protocol that the trace uses. */
export interface TraceSession {
  send: (method: 'Tracing.start' | 'Tracing.end', params?: object) => Promise<unknown>;
  on: (event: 'Tracing.dataCollected', listener: (data: { value: unknown[] }) => void) => unknown;
  once: (event: 'Tracing.tracingComplete', listener: () => void) => unknown;
}

export interface TracedTask {
  wallMs: number;
  /**
   * Processor time of the thread. On a machine with other work a task also waits for a core: that is no time of the page.
   */
  cpuMs: number;
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

const CATEGORIES = ['devtools.timeline', 'toplevel'];
const TASKS: ReadonlySet<string> = new Set(['RunTask', 'ThreadControllerImpl::RunTask']);

/**
 * Traces what follows.
 *
 * @returns a function that ends the trace, with the tasks of all main threads of pages, longest processor time first
 */
export async function startTrace(session: TraceSession): Promise<() => Promise<TracedTask[]>> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    // The format of Chromium's traces.
    for (const event of value as TraceEvent[]) events.push(event);
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES },
  });
  return async () => {
    const completed = new Promise<void>((resolve) => void session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await completed;
    return tasksIn(events);
  };
}

function tasksIn(events: readonly TraceEvent[]): TracedTask[] {
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}:${tid}`;
  const pages = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  );
  return events
    .filter((event) => TASKS.has(event.name) && pages.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1_000, cpuMs: tdur / 1_000 }))
    .sort((a, b) => b.cpuMs - a.cpuMs);
}
