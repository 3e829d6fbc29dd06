import mongoose from 'mongoose';
import { fileURLToPath } from 'node:url';
import { Truth } from '../faults/support/truth.js';
import type { Violation } from './checker/history.js';
import { Crowd } from './clients/crowd.js';
import { Device, type DeviceParts } from './clients/device.js';
import { SdkDevice } from './clients/sdkDevice.js';
import type { StormDevice } from './clients/stormDevice.js';
import { StormLog } from './log.js';
import type { StormOptions } from './options.js';
import { Balancer } from './parts/balancer.js';
import { Cluster } from './parts/cluster.js';
import { Random } from './random.js';
import { World } from './world.js';

const SERVERS = 3;
/** Longer than a server takes to answer that the outcome is unknown. */
const PATIENT_MS = 12_000;
const ROOT = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url);

/** The parts of one run, and its results so far. Use with `await using`. */
export class Stage implements AsyncDisposable {
  readonly log = new StormLog();
  readonly world = new World();
  /** Violations found by the runner itself. */
  readonly violations: Violation[] = [];
  readonly devices: StormDevice[] = [];
  /** Idle connections. */
  readonly crowds: Crowd[] = [];
  /** Aborted to end the behaviour of all clients. */
  readonly over = new AbortController();
  readonly random: Random;
  /** Random numbers of the second seed, if there is one. */
  readonly otherRandom: Random;
  balancer: Balancer;

  private constructor(
    readonly options: StormOptions,
    readonly parts: { cluster: Cluster; truth: Truth },
    readonly say: (line: string) => void,
  ) {
    this.random = new Random(options.seed);
    this.otherRandom = new Random(options.also ?? options.seed);
    this.balancer = new Balancer([]);
  }

  static async open(options: StormOptions, say: (line: string) => void): Promise<Stage> {
    const databaseName = `storm_${options.seed}`;
    const nodeArgs =
      options.sabotage === undefined
        ? []
        : ['--import', fileURLToPath(new URL(`test/storm/sabotage/${options.sabotage}.mjs`, ROOT))];
    const cluster = await Cluster.start({ servers: SERVERS, databaseName, nodeArgs, entry: options.server });
    try {
      const truth = await Truth.open(cluster.database.uri, databaseName);
      return new Stage(options, { cluster, truth }, say);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get cluster(): Cluster {
    return this.parts.cluster;
  }

  get truth(): Truth {
    return this.parts.truth;
  }

  /** Adds all running servers to the load balancer. */
  balance(): void {
    this.balancer[Symbol.dispose]();
    this.balancer = new Balancer(this.cluster.nodes);
  }

  device(
    user: string,
    number: number,
    options: Partial<Pick<DeviceParts, 'clockOffByMs' | 'transport' | 'store' | 'patienceMs'>> = {},
  ): Device {
    const device = new Device({
      clockOffByMs: 0,
      transport: 'websocket',
      patienceMs: PATIENT_MS,
      ...options,
      user,
      client: `${user}/${number}`,
      balancer: this.balancer,
      log: this.log,
      isStored: (messageId) => this.#isStored(messageId),
      crowds: () => this.world.crowdsOf(user),
    });
    this.devices.push(device);
    return device;
  }

  /** Adds a device that runs the SDK. */
  sdkDevice(user: string, number: number, options: { clockOffByMs?: number } = {}): SdkDevice {
    const device = new SdkDevice({
      clockOffByMs: 0,
      ...options,
      user,
      client: `${user}/${number}`,
      balancer: this.balancer,
      log: this.log,
      isStored: (messageId) => this.#isStored(messageId),
      crowds: () => this.world.crowdsOf(user),
    });
    this.devices.push(device);
    return device;
  }

  crowd(count: number): Crowd {
    const crowd = new Crowd(count, this.balancer, this.log);
    this.crowds.push(crowd);
    return crowd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.over.abort();
    await Promise.all([
      ...this.devices.map((device) => device.stop()),
      ...this.crowds.map((crowd) => crowd.close()),
    ]);
    this.balancer[Symbol.dispose]();
    await this.truth[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }

  async #isStored(messageId: string): Promise<boolean | undefined> {
    try {
      const _id = new mongoose.mongo.ObjectId(messageId);
      return (await this.truth.db.collection('messages').findOne({ _id }, { maxTimeMS: 5_000 })) !== null;
    } catch {
      // The database is unreachable at this moment, so the result is unknown.
      return undefined;
    }
  }
}
