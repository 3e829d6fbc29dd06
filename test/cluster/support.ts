import { identify, isRunning, listDescendants } from '../../tools/embedded-database/processes.js';
import type { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';

/** Returns the log lines of a server process. */
export function logsOf(server: ServerProcess): Record<string, unknown>[] {
  return server.output
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Returns the process ids of all workers that were ever ready, in that order. */
export const readyPids = (server: ServerProcess): number[] =>
  logsOf(server)
    .filter(({ msg }) => msg === 'a worker is ready')
    .map(({ pid }) => Number(pid));

export const untilLogged = (server: ServerProcess, text: string, timeoutMs = 90_000): Promise<unknown> =>
  until(() => logsOf(server).find(({ msg }) => String(msg).includes(text)), {
    what: `"${text}" in the log`,
    timeoutMs,
  });

/**
 * Remembers the current primary and its descendants. @returns a function that resolves when none of them runs any more.
 */
export function watchEnd(server: ServerProcess): () => Promise<unknown> {
  const processes = listDescendants(server.child.pid ?? 0).map(identify);
  return () => until(() => !processes.some(isRunning), { what: 'the end of every process' });
}

/** Sends a request over a new connection, so that the next worker answers it. */
export const fetchApart = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { headers: { ...headers, connection: 'close' } });

/** Returns the number of the worker that answers a new long-polling session, from the beginning of the session's id. */
export async function workerOfNewSession(url: string): Promise<number> {
  const response = await fetchApart(`${url}/socket.io/?EIO=4&transport=polling`);
  return Number(/"sid":"(\d+)-/.exec(await response.text())?.[1]);
}

/** Returns the value of a metric from `/metrics`, summed over its labels; undefined if it does not exist. */
export async function scrape(url: string, name: string): Promise<number | undefined> {
  const text = await (await fetchApart(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
