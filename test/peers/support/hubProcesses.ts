import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { UserId } from '../../../contract/index.js';
import { BrokerRouter } from '../../../backend/src/cluster/broker/router.js';
import type { ToWorker, ToBroker } from '../../../backend/src/cluster/broker/frames.js';
import type { Bus, BusListener, PresenceStore } from '../../../backend/src/services/ports.js';

const CHILD = fileURLToPath(new URL('./hubChild.mjs', import.meta.url));

type Said =
  | { parley: 'broker'; frames: ToBroker[] }
  | { returned: number; value?: unknown; error?: string }
  | { heard: string; args: string[] };

/** A worker's end of the broker in a separate process. Calls are forwarded to it. */
export class BrokerClientProcess {
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #doubtful: (() => void)[] = [];
  #listener: BusListener | undefined;
  #counter = 0;
  readonly begun: Promise<void>;
  readonly bus: Bus;
  readonly store: PresenceStore;

  constructor(
    readonly child: ChildProcess,
    onFrames: (frames: ToBroker[]) => void,
  ) {
    let begin = (): void => undefined;
    this.begun = new Promise((resolve) => (begin = resolve));
    child.on('message', (message) => {
      const said = message as Said;
      if ('parley' in said) onFrames(said.frames);
      else if ('returned' in said) this.#settle(said);
      else if (said.heard === 'begun') begin();
      else if (said.heard === 'doubt') for (const listener of this.#doubtful) listener();
      else if (said.heard === 'gap') this.#listener?.onGap();
      else this.#listener?.onMessage(said.args[0] ?? '', said.args[1] ?? '');
    });
    this.bus = {
      isUp: true,
      start: async (listener) => {
        this.#listener = listener;
        await this.call('start');
      },
      publish: (room, message) => void this.call('publish', room, message),
      listen: (room) => void this.call('listen', room),
      unlisten: (room) => void this.call('unlisten', room),
      close: async () => {
        await this.call('closeBus');
      },
    };
    this.store = {
      enter: async (userId) => (await this.call('enter', userId)) as boolean,
      leave: async (userId) => (await this.call('leave', userId)) as boolean,
      findOnline: async (userIds) => new Set((await this.call('findOnline', userIds)) as UserId[]),
      onDoubt: (listener) => void this.#doubtful.push(listener),
      close: async () => {
        await this.call('closeStore');
      },
    };
  }

  /** Calls a method. The call never settles if the process is killed. */
  call(name: string, ...args: unknown[]): Promise<unknown> {
    const id = (this.#counter += 1);
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    if (this.child.connected) this.child.send({ call: name, id, args });
    return answer;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  #settle({ returned, value, error }: { returned: number; value?: unknown; error?: string }): void {
    const waiting = this.#waiting.get(returned);
    this.#waiting.delete(returned);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}

export interface BrokerLimits {
  /** Limit of the bytes that wait for one process, at the router and at the process. */
  maxBytes?: number;
}

/**
 * A broker with its router in this process and every peer in a separate one, over real channels. Use with `await
 * using`.
 */
export class Broker implements AsyncDisposable {
  dropped = 0;
  readonly peers: BrokerClientProcess[] = [];

  static async start(count: number, { maxBytes = 8 * 1024 * 1024 }: BrokerLimits = {}): Promise<Broker> {
    const broker = new Broker();
    const router = new BrokerRouter({ maxBytes, onDropped: (dropped) => (broker.dropped += dropped) });
    for (let id = 1; id <= count; id += 1) {
      const child = fork(CHILD, [String(maxBytes)], { execArgv: [] });
      broker.peers.push(new BrokerClientProcess(child, (frames) => router.receive(id, frames)));
      router.add(id, (frames: ToWorker[], done) => {
        if (child.connected) child.send({ parley: 'broker', frames }, undefined, {}, done);
        else done(new Error('gone'));
      });
      child.once('exit', () => router.remove(id));
    }
    await Promise.all(broker.peers.map(({ begun }) => begun));
    return broker;
  }

  peer(index: number): BrokerClientProcess {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`there is no peer ${index}`);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.kill()));
  }
}
