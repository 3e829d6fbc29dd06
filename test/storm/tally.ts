import type { EventKind, FinalState, StormEvent } from './checker/history.js';

/** Amounts of activity: a run without activity proves nothing. */
export interface Tally {
  conversations: number;
  stored: number;
  sends: number;
  retries: number;
  acked: number;
  duplicates: number;
  conflicts: number;
  heardLive: number;
  /** Messages in pages of history, without those read again at the end. */
  fetched: number;
  syncs: number;
  positions: number;
  connections: number;
  opened: number;
  spotChecks: number;
  trespasses: number;
}

export function tally(events: readonly StormEvent[], final: FinalState): Tally {
  const of = (kind: EventKind): number => events.filter((event) => event.kind === kind).length;
  const firstTestimony = events.find(({ kind }) => kind === 'final')?.at ?? Infinity;
  const count = (fits: (event: StormEvent) => boolean): number => events.filter(fits).length;
  return {
    conversations: final.conversations.length,
    stored: final.messages.length,
    sends: count((event) => event.kind === 'send' && event.attempt === 1),
    retries: count((event) => event.kind === 'send' && event.attempt > 1),
    acked: of('acked'),
    duplicates: count((event) => event.kind === 'acked' && event.duplicate),
    conflicts: count((event) => event.kind === 'refused' && event.code === 'CONFLICT'),
    heardLive: of('heard'),
    fetched: events.reduce(
      (sum, event) => sum + (event.kind === 'page' && event.at < firstTestimony ? event.messages.length : 0),
      0,
    ),
    syncs: of('synced'),
    positions: of('advanced'),
    connections: of('connected'),
    opened: of('opened'),
    spotChecks: of('spotCheck'),
    trespasses: of('trespass'),
  };
}
