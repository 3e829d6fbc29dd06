import type { Ask, ClientFailure, LinkAnswer, LinkEvents } from '../connection/link.js';
import type { CommandName, CommandPayload } from '../wire/index.js';
import type { TabEnvelope } from './protocol.js';

const ANSWER_TIMEOUT_MS = 10_000;
/** The leader gives the server its full time; its answer is waited for a little longer. */
const EXTRA_MS = 2_000;
/** A leader that was silent for this long is asked whether it is there. Answers need no timer, so background tabs give them. */
const SILENCE_MS = 10_000;
const DEFAULT_PROBE_MS = 3_000;
/** After this many questions without an answer, the leader is frozen, or its page hangs. */
const MAX_PROBES = 2;

const OFFLINE: ClientFailure = { success: false, code: 'OFFLINE', error: 'There is no connection.' };
const lost = (error: string): ClientFailure => ({ success: false, code: 'TIMEOUT', error });

export interface FollowerDeps {
  tab: string;
  events: LinkEvents;
  post: (envelope: TabEnvelope) => void;
  probeMs: number | undefined;
  /** The leader does not answer. */
  onLeaderFrozen: () => void;
  /** The leader's connection has ended for good, and with it this one. */
  onEnded: () => void;
}

interface PendingAsk {
  settle: (answer: LinkAnswer<CommandName>) => void;
  timer: ReturnType<typeof setTimeout>;
}

type LeaderEnvelope = Extract<TabEnvelope, { type: 'leader' }>;

/** Runs commands through the tab that holds the connection, and hears what it hears. */
export class FollowerRole {
  readonly #deps: FollowerDeps;
  readonly #pending = new Map<number, PendingAsk>();
  #leader: string | undefined;
  #isOnline = false;
  #asked = 0;
  #probes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#deps.events.onLeader(false);
    this.probe();
  }

  /** Asks for the leader now; one that does not answer is replaced. */
  probe(): void {
    clearTimeout(this.#timer);
    this.#deps.post({ type: 'hello', from: this.#deps.tab });
    this.#timer = setTimeout(() => this.#onSilence(), this.#deps.probeMs ?? DEFAULT_PROBE_MS);
  }

  #onSilence(): void {
    this.#probes += 1;
    if (this.#probes < MAX_PROBES) this.probe();
    else this.#deps.onLeaderFrozen();
  }

  #onSign(): void {
    this.#probes = 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.probe(), SILENCE_MS);
  }

  take(envelope: TabEnvelope): void {
    if (envelope.type === 'leader') {
      this.#takeLeader(envelope);
      return;
    }
    if (envelope.from !== this.#leader) return;
    this.#onSign();
    const { events, tab } = this.#deps;
    if (envelope.type === 'push' && envelope.exceptFor !== tab) events.onPush(envelope.name, envelope.data);
    else if (envelope.type === 'renewed' && this.#isOnline) events.onOnline();
    else if (envelope.type === 'answer' && envelope.to === tab) this.#settle(envelope.id, envelope.answer);
  }

  #takeLeader({ from, to, state, isOnline }: LeaderEnvelope): void {
    if (to !== undefined && to !== this.#deps.tab) return;
    const { events } = this.#deps;
    if (from !== this.#leader) {
      this.#goOffline('The tab that held the connection was closed.');
      this.#leader = from;
    }
    this.#onSign();
    if (!isOnline) this.#goOffline(undefined);
    if (state.status === 'ended') {
      events.onState(state);
      this.#deps.onEnded();
      return;
    }
    // Each tab synchronises by itself: `syncing` says that the server can be asked.
    if (isOnline && !this.#isOnline) {
      this.#isOnline = true;
      events.onState({ status: 'syncing' });
      events.onOnline();
    } else if (!isOnline) events.onState(state);
  }

  /** Commands on their way stay when only the leader's connection is lost: the leader answers them. */
  #goOffline(loss: string | undefined): void {
    if (loss !== undefined) for (const id of [...this.#pending.keys()]) this.#settle(id, lost(loss));
    if (!this.#isOnline) return;
    this.#isOnline = false;
    this.#deps.events.onOffline();
  }

  #settle(id: number, answer: LinkAnswer<CommandName>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.settle(answer);
  }

  readonly ask: Ask = <Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    { timeoutMs = ANSWER_TIMEOUT_MS }: { timeoutMs?: number | undefined } = {},
  ): Promise<LinkAnswer<Name>> => {
    const to = this.#leader;
    if (to === undefined || !this.#isOnline) return Promise.resolve(OFFLINE);
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#settle(id, lost('The tab that holds the connection has not answered.'));
        this.probe();
      }, timeoutMs + EXTRA_MS);
      // An id belongs to one command: its answer has the type of that command.
      this.#pending.set(id, { timer, settle: resolve });
      this.#send(id, { type: 'ask', from: this.#deps.tab, to, id, name, payload, timeoutMs });
    });
  };

  #send(id: number, envelope: TabEnvelope): void {
    try {
      this.#deps.post(envelope);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#settle(id, { success: false, code: 'VALIDATION', error: `The payload is not JSON: ${reason}` });
    }
  }

  tell(payload: CommandPayload<'typing'>): void {
    if (this.#leader !== undefined && this.#isOnline)
      this.#deps.post({ type: 'typing', from: this.#deps.tab, to: this.#leader, payload });
  }

  urge(type: 'hurry' | 'restart'): void {
    if (this.#leader !== undefined) this.#deps.post({ type, from: this.#deps.tab, to: this.#leader });
    this.probe();
  }

  /** Only the leader's connection is settled. */
  settle(): void {
    this.#probes = 0;
  }

  /** This tab leads from now on. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#goOffline('The tab that held the connection was closed.');
    this.#leader = undefined;
  }

  /** Ends without a last event. */
  leave(): void {
    this.#isOnline = false;
    this.stop();
  }
}
