import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './paths.js';

interface ProfileNode {
  id: number;
  children?: number[];
  callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** Microseconds by name. */
type Times = Map<string, number>;

interface Summary {
  busyUs: number;
  idleUs: number;
  byOwner: Times;
  selfByFunction: Times;
  /** Times of the server's own functions, including everything they called. */
  totalByFunction: Times;
}

const SHOWN = 30;
const maps = new Map<string, SourceMap | undefined>();

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) {
    try {
      const text = readFileSync(`${file}.map`, 'utf8');
      maps.set(file, new SourceMap(JSON.parse(text) as ConstructorParameters<typeof SourceMap>[0]));
    } catch {
      maps.set(file, undefined);
    }
  }
  return maps.get(file);
}

/** Returns file:line of a call frame in the original TypeScript. */
function locationOf({ url, lineNumber, columnNumber }: ProfileNode['callFrame']): string {
  if (!url.startsWith('file:'))
    return relative(repositoryRoot, url).startsWith('..') ? url : relative(repositoryRoot, url);
  const file = fileURLToPath(url);
  const entry = mapOf(file)?.findEntry(lineNumber, columnNumber);
  if (entry === undefined || !('originalLine' in entry))
    return `${relative(repositoryRoot, file)}:${lineNumber + 1}`;
  const source = relative(repositoryRoot, join(file, '..', entry.originalSource));
  return `${source.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}`;
}

/** Returns the package, the source file, or the part of the engine that a location belongs to. */
function ownerOf(location: string, functionName: string): string {
  const packages = [...location.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)];
  const inPackage = packages.at(-1)?.[1];
  if (inPackage !== undefined) return inPackage;
  if (location.startsWith('node:')) return location;
  return location === '' ? functionName : (location.split(':')[0] ?? location);
}

const add = (times: Times, name: string, us: number): void =>
  void times.set(name, (times.get(name) ?? 0) + us);

function selfTimes({ samples, timeDeltas }: CpuProfile): Map<number, number> {
  const self = new Map<number, number>();
  for (const [index, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  return self;
}

/** Walks the call tree once. `above` holds the functions that the node was called from. */
function addProfile(summary: Summary, profile: CpuProfile): void {
  const self = selfTimes(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const walk = (node: ProfileNode, above: ReadonlySet<string>): void => {
    const us = self.get(node.id) ?? 0;
    const { functionName } = node.callFrame;
    if (functionName === '(idle)') {
      summary.idleUs += us;
      return;
    }
    const location = locationOf(node.callFrame);
    const label = `${functionName || '(anonymous)'}  ${location}`;
    summary.busyUs += us;
    add(summary.byOwner, ownerOf(location, functionName), us);
    add(summary.selfByFunction, label, us);
    const stack = location.startsWith('backend/') ? new Set([...above, label]) : above;
    for (const one of stack) add(summary.totalByFunction, one, us);
    for (const id of node.children ?? []) {
      const child = nodes.get(id);
      if (child !== undefined) walk(child, stack);
    }
  };
  const [root] = profile.nodes;
  if (root !== undefined) walk(root, new Set());
}

function formatShares(title: string, times: Times, busyUs: number): string[] {
  const sorted = [...times].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  return [title, ...sorted.map(([name, us]) => `${((us / busyUs) * 100).toFixed(1).padStart(6)} %  ${name}`)];
}

/** Summarizes from the profiles in a folder where a server spent its busy time. */
export function summariseProfiles(folder: string): string {
  const summary: Summary = {
    busyUs: 0,
    idleUs: 0,
    byOwner: new Map(),
    selfByFunction: new Map(),
    totalByFunction: new Map(),
  };
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.cpuprofile'))) {
    addProfile(summary, JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile);
  }
  const { busyUs, idleUs } = summary;
  return [
    `busy ${Math.round(busyUs / 1_000)} ms, idle ${Math.round(idleUs / 1_000)} ms, from start to stop`,
    ...formatShares('Self time by package or file', summary.byOwner, busyUs),
    ...formatShares('Self time by function', summary.selfByFunction, busyUs),
    ...formatShares("The server's functions with all they call", summary.totalByFunction, busyUs),
  ].join('\n');
}
