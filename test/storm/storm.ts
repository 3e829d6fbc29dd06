import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../support/until.js';
import { comeBack, fillAMonth, leaveForAMonth } from './absent.js';
import { calmDown } from './calm.js';
import { introduce, makeCast, type Cast } from './cast.js';
import { checkHistory, type Verdict } from './checker/checker.js';
import type { FinalState } from './checker/history.js';
import { live } from './clients/behaviour.js';
import type { Store } from './clients/store.js';
import { prowl } from './clients/trespass.js';
import { conduct } from './conductor.js';
import { gather, revolve } from './groups.js';
import { inject, targetOf, type Scene } from './faults/inject.js';
import { Probe } from './faults/probe.js';
import { FAULT_KINDS, FAULTS, planFaults, type FaultKind, type PlannedFault } from './faults/schedule.js';
import type { StormOptions } from './options.js';
import type { Stage } from './stage.js';
import { tally, type Tally } from './tally.js';

/** A fault, and the time until every server accepted messages again. */
export interface RecoveredFault {
  kind: FaultKind;
  target: string;
  /** Duration of the fault, in ms. */
  lastedMs: number;
  /** Time from its end until every server had acknowledged a new message, in ms. */
  recoveredMs: number;
}

export interface Outcome {
  options: StormOptions;
  faults: RecoveredFault[];
  tally: Tally;
  verdict: Verdict;
  /** For the evidence files of a failed run. */
  stage: Stage;
  final: FinalState;
}

/** Not a performance figure: a server that has not recovered by then is considered broken. */
const RECOVERED_WITHIN_MS = 120_000;
/** Number of faults of the second seed when every kind occurs once. */
const FURTHER_FAULTS = 1;
const FULL_PACE_PEOPLE = 20;
const MS_PER_MINUTE = 60_000;
const SETTLE_MS = { min: 800, max: 2_500 };
/** Pauses between faults when each kind occurs only once. */
const SHORT_SETTLE_MS = { min: 300, max: 1_000 };
/** Share of the run after which the absent user returns. */
const BACK_AFTER = 0.6;
/** Time of normal traffic before the first fault, in ms. */
const WARM_UP_MS = 1_500;

/** Runs all phases on a stage, and checks the result. @throws when the run could not be executed. */
export async function storm(stage: Stage): Promise<Outcome> {
  const { options, say } = stage;
  say(`${nameSeed(options)}: ${options.clients} people, ${options.idle} idle connections, three servers`);
  const store = await leaveForAMonth(stage, namesOf(options.clients));
  const cast = makeCast(stage);
  for (const { connection } of stage.devices) if (!isGone(stage, connection)) connection.open();
  await cast.crowd.connect();
  await introduce(stage, cast);
  await gather(stage, cast);
  await fillAMonth(stage, cast);
  say(`prepared in ${seconds(stage.log.now())}: a month has passed for one of them`);
  const playing = play(stage, cast);
  await wait(WARM_UP_MS);
  const faults = await runFaults(stage, cast, store);
  stage.over.abort();
  await playing;
  const calmFromMs = stage.log.now();
  const final = await calmDown(stage);
  await cast.crowd.close();
  say(`everything quiet after ${seconds(stage.log.now() - calmFromMs)}`);
  const { seed } = options;
  const verdict = checkHistory({ seed, events: stage.log.events, final });
  verdict.violations.unshift(...stage.violations);
  if (stage.violations.length > 0) verdict.counts.recovery = stage.violations.length;
  return { options, faults, tally: tally(stage.log.events, final), verdict, stage, final };
}

const namesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `u${String(index + 1).padStart(2, '0')}`);

const isGone = (stage: Stage, connection: unknown): boolean =>
  stage.devices.some((device) => device.connection === connection && device.isStopped);

/** Runs the behaviour of all clients until the end of the run. */
async function play(stage: Stage, cast: Cast): Promise<void> {
  const { world, random, otherRandom } = stage;
  const over = stage.over.signal;
  const people = [...cast.devices.values()].flat();
  // With more users each does less: the test must not saturate the machine.
  const pace = Math.max(1, cast.users.length / FULL_PACE_PEOPLE);
  await Promise.all([
    conduct(stage, cast),
    revolve(stage, cast),
    ...people.map((device, index) => {
      const source = index % 2 === 0 ? random : otherRandom;
      return live(device, world, { random: source.stream(device.parts.client), over, pace });
    }),
    ...cast.strangers.map((device) =>
      prowl(device, world, { random: random.stream(device.parts.client), over, users: cast.users }),
    ),
  ]);
}

async function runFaults(stage: Stage, cast: Cast, store: Store): Promise<RecoveredFault[]> {
  const { options, cluster, log } = stage;
  const probe = new Probe(log, stage.world);
  const scene: Scene = {
    cluster,
    pauseMs: options.pauseMs,
    comeBackAllAtOnce: () => comeBackAllAtOnce(stage, cast),
  };
  const faults: RecoveredFault[] = [];
  const startedMs = log.now();
  const progress = (): number =>
    options.once
      ? faults.length / countOnce(options)
      : (log.now() - startedMs) / (options.minutes * MS_PER_MINUTE);
  let isBack = false;
  for (const fault of faultsOf(stage)) {
    if (progress() >= 1) break;
    if (!isBack && progress() >= BACK_AFTER) {
      comeBack(stage, store);
      isBack = true;
    }
    faults.push(await runFault(stage, { scene, probe }, fault));
    await wait(fault.settleMs);
  }
  if (!isBack) comeBack(stage, store);
  return faults;
}

const countOnce = ({ also }: StormOptions): number =>
  FAULT_KINDS.length + (also === undefined ? 0 : FURTHER_FAULTS);

/** Yields the faults of the seed, and after the first round those of the second seed, if there is one. */
function* faultsOf({ random, otherRandom, options, cluster }: Stage): Generator<PlannedFault> {
  const parts = { servers: cluster.nodes.length, settleMs: options.once ? SHORT_SETTLE_MS : SETTLE_MS };
  for (const fault of planFaults(random.stream('faults'), parts)) {
    if (options.also !== undefined && fault.number > FAULT_KINDS.length) break;
    yield fault;
  }
  for (const fault of planFaults(otherRandom.stream('faults'), parts)) {
    yield { ...fault, number: fault.number + FAULT_KINDS.length };
  }
}

async function runFault(
  stage: Stage,
  { scene, probe }: { scene: Scene; probe: Probe },
  fault: PlannedFault,
): Promise<RecoveredFault> {
  const target = targetOf(scene, fault);
  const startedMs = stage.log.now();
  await inject(scene, fault);
  const endedMs = stage.log.now();
  try {
    await probe.untilAllAnswer(scene.cluster.nodes, RECOVERED_WITHIN_MS);
  } catch (error) {
    const text = `${FAULTS[fault.kind]}: ${error instanceof Error ? error.message : String(error)}`;
    stage.violations.push({ rule: 'recovery', text, evidence: [] });
  }
  await findDeaths(stage);
  const recovered = {
    kind: fault.kind,
    target,
    lastedMs: endedMs - startedMs,
    recoveredMs: stage.log.now() - endedMs,
  };
  stage.say(
    `${String(fault.number).padStart(3)}  ${FAULTS[fault.kind]}${target && ` (${target})`}: ` +
      `${seconds(recovered.lastedMs)}, answers again after ${seconds(recovered.recoveredMs)}; ` +
      `${stage.log.count('acked')} acknowledged`,
  );
  return recovered;
}

/** Reports servers that ended without having been killed by this run. */
async function findDeaths({ cluster, violations }: Stage): Promise<void> {
  for (const node of cluster.nodes) {
    const { exitCode, signalCode } = node.process.child;
    if (exitCode === null && signalCode === null) continue;
    const last = node.process.output.join('').slice(-1_500);
    const text = `${node.name} ended by itself (${signalCode ?? exitCode ?? ''}):\n${last}`;
    violations.push({ rule: 'recovery', text, evidence: [] });
    await cluster.restart(node);
  }
}

async function comeBackAllAtOnce(stage: Stage, { crowd }: Cast): Promise<void> {
  const up = stage.devices.filter(({ connection }) => connection.isUp);
  crowd.hangUp();
  for (const { connection } of up) connection.hangUp();
  await until(() => crowd.connected < crowd.size || crowd.size === 0, { what: 'the cut', everyMs: 1 });
  await until(() => crowd.connected === crowd.size, {
    what: 'everybody who comes back at once',
    timeoutMs: RECOVERED_WITHIN_MS,
  });
}

export const nameSeed = ({ seed, also }: StormOptions): string =>
  also === undefined ? `seed ${seed}` : `seed ${seed}, also ${also}`;

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
