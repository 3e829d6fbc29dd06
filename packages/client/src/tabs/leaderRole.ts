import type { Ask, Link, LinkAnswer, LinkEvents } from '../connection/link.js';
import type { CommandName, CommandPayload } from '../wire/index.js';
import { echoOf } from './echoes.js';
import type { LeaderStatus, TabEnvelope } from './protocol.js';
import { TabWatches } from './watches.js';

export interface LeaderDeps {
  /** Id of this tab. */
  tab: string;
  events: LinkEvents;
  createLink: (events: LinkEvents) => Link;
  post: (envelope: TabEnvelope) => void;
  /** Calls back when a tab is gone, however it ended. */
  whenGone: (tab: string, callback: () => void) => void;
  /** A token is for this user. False when this tab may not use it. */
  onUser: (userId: string) => boolean;
  /** The connection has ended for good. */
  onEnded: () => void;
}

type AskEnvelope = Extract<TabEnvelope, { type: 'ask' }>;

/** Holds the connection: for its own tab, and for the others, who ask through it and hear what it hears. */
export class LeaderRole {
  readonly #deps: LeaderDeps;
  readonly #watches = new TabWatches();
  readonly #followers = new Set<string>();
  readonly #status: LeaderStatus = { state: { status: 'connecting' }, isOnline: false };
  readonly #link: Link;

  constructor(deps: LeaderDeps) {
    this.#deps = deps;
    this.#link = deps.createLink(this.#linkEvents());
  }

  start(): void {
    this.#announce();
    this.#link.start();
  }

  #linkEvents(): LinkEvents {
    const { events, post, tab, onUser } = this.#deps;
    return {
      onState: (state) => {
        this.#status.state = state;
        if (state.status === 'ended') this.#status.isOnline = false;
        this.#announce();
        events.onState(state);
        if (state.status === 'ended') this.#deps.onEnded();
      },
      onOnline: () => {
        const isRenewal = this.#status.isOnline;
        this.#status.isOnline = true;
        if (isRenewal) post({ type: 'renewed', from: tab });
        else this.#announce();
        events.onOnline();
      },
      onOffline: () => {
        this.#status.isOnline = false;
        this.#announce();
        events.onOffline();
      },
      onPush: (name, data) => {
        post({ type: 'push', from: tab, name, data });
        events.onPush(name, data);
      },
      onUser,
      onLeader: (isLeader) => events.onLeader(isLeader),
    };
  }

  #announce(to?: string): void {
    this.#deps.post({
      type: 'leader',
      from: this.#deps.tab,
      ...(to !== undefined && { to }),
      ...this.#status,
    });
  }

  /** Runs a command of this tab. */
  readonly ask: Ask = (name, payload, options) => this.#run(this.#deps.tab, { name, payload, options });

  async #run<Name extends CommandName>(
    tab: string,
    command: {
      name: Name;
      payload: CommandPayload<Name>;
      options: { timeoutMs?: number | undefined } | undefined;
    },
  ): Promise<LinkAnswer<Name>> {
    const { name, payload, options } = command;
    const answer = await this.#link.ask(name, this.#watches.include(tab, name, payload), options);
    if (answer.success) this.#echo(tab, echoOf(name, payload, answer.data));
    return this.#watches.onlyOwn(name, payload, answer);
  }

  #echo(tab: string, echo: ReturnType<typeof echoOf>): void {
    if (echo === undefined) return;
    const { post, events, tab: own } = this.#deps;
    if (this.#followers.size > 0) post({ type: 'push', from: own, exceptFor: tab, ...echo });
    if (tab !== own) events.onPush(echo.name, echo.data);
  }

  take(envelope: TabEnvelope): void {
    if (envelope.type === 'hello') {
      this.#welcome(envelope.from);
      return;
    }
    if (!('to' in envelope) || envelope.to !== this.#deps.tab) return;
    if (envelope.type === 'ask') void this.#serve(envelope);
    else if (envelope.type === 'typing') this.#link.tell('typing', envelope.payload);
    else if (envelope.type === 'hurry') this.#link.hurry();
    else if (envelope.type === 'restart') this.#link.restart();
  }

  #welcome(tab: string): void {
    this.#announce(tab);
    this.#meet(tab);
  }

  #meet(tab: string): void {
    if (this.#followers.has(tab)) return;
    this.#followers.add(tab);
    this.#deps.whenGone(tab, () => {
      this.#followers.delete(tab);
      this.#forgetWatches(tab);
    });
  }

  #forgetWatches(tab: string): void {
    const { conversationIds, userIds } = this.#watches.remove(tab);
    if (!this.#status.isOnline) return;
    for (const conversationId of conversationIds)
      void this.#link.ask('watchConversation', { conversationId, watching: false });
    if (userIds !== undefined) void this.#link.ask('presence:watch', { userIds });
  }

  async #serve({ from, id, name, payload, timeoutMs }: AskEnvelope): Promise<void> {
    this.#meet(from);
    // The tabs run the same version of this protocol: the payload is one that its sender's compiler has checked.
    const command = { name, payload: payload as CommandPayload<CommandName>, options: { timeoutMs } };
    const answer = await this.#run(from, command);
    this.#deps.post({ type: 'answer', from: this.#deps.tab, to: from, id, answer });
  }

  tell(payload: CommandPayload<'typing'>): void {
    this.#link.tell('typing', payload);
  }

  urge(type: 'hurry' | 'restart'): void {
    this.#link[type]();
  }

  settle(): void {
    this.#link.settle();
  }

  /** Another tab leads from now on. */
  stop(): void {
    this.#link.stop();
    if (this.#status.isOnline) this.#deps.events.onOffline();
    this.#status.isOnline = false;
  }

  /** Ends without a last event. */
  leave(): void {
    this.#link.stop();
  }
}
