import {
  COMMANDS,
  COMMAND_NAMES,
  type Answer,
  type CommandData,
  type CommandName,
  type Failure,
} from '../../../contract/index.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { withoutReadDeadline } from '../utils/readDeadline.js';
import { AppError } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import type { Metrics } from '../utils/metrics.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import type { CommandLimits } from './connection/index.js';
import type { Handlers } from './handlers/index.js';
import type { Legacy, RunCommand } from './legacy/index.js';
import type { ChatSocket } from './types.js';

/** Maximum length of a protocol error's message in a log line. It may repeat data that the client sent. */
const MAX_REASON_CHARS = 100;

export interface BindDeps {
  pipeline: Pipeline;
  commandLimits: CommandLimits;
  handlers: Handlers;
  /** Translation of legacy clients' events. Undefined when legacy clients are not served. */
  legacy: Legacy | undefined;
  metrics: Metrics;
  log: ThrottledLog;
}

/** Arguments of an event as received. */
interface Call {
  payload: unknown;
  acknowledge: ((answer: Answer<unknown>) => void) | undefined;
  /** True when there were positional arguments besides the payload. */
  malformed: boolean;
  /** Legacy events only: translates the event and runs its commands. */
  through?: (run: RunCommand) => Promise<unknown>;
}

/**
 * Attaches all commands to a connection. It does so synchronously, because a listener added after an `await` would miss
 * the first events. Every call is answered through its acknowledgement, or by the event pair of its command. No input
 * makes a listener throw.
 */
export function bindCommands(deps: BindDeps, socket: ChatSocket): void {
  // One listener serves all commands, because a listener per command and connection would use much more memory.
  socket.onAny((event: unknown, ...args: unknown[]) => {
    const old = deps.legacy?.translate(socket, event, args);
    if (old !== undefined) {
      const call = {
        payload: undefined,
        acknowledge: old.acknowledge,
        malformed: false,
        through: old.runWith,
      };
      void dispatch(deps, { socket, name: old.command }, call);
      return;
    }
    const name = COMMAND_NAMES.find((command) => command === event);
    if (name !== undefined) void dispatch(deps, { socket, name }, toCall(args));
    else answerUnknown(deps, { socket, event }, toCall(args));
  });
  socket.on('error', (error: unknown) => logProtocolError(deps, socket, error));
}

/** Logs protocol errors. A client's event named `error` carries no Error object and is answered as an unknown event. */
function logProtocolError({ log }: BindDeps, { data }: ChatSocket, error: unknown): void {
  if (!(error instanceof Error)) return;
  const { userId } = data.principal;
  const reason = error.message.slice(0, MAX_REASON_CHARS);
  log.warn(userId, { userId, reason }, 'a connection sent a malformed packet');
}

function answerUnknown(
  { metrics, commandLimits }: BindDeps,
  { socket, event }: { socket: ChatSocket; event: unknown },
  { acknowledge }: Call,
): void {
  const failure: Failure = { success: false, code: 'NOT_FOUND', error: 'There is no such event.' };
  metrics.eventSeconds.observe({ event: 'unknown', code: failure.code }, 0);
  if (!commandLimits.mayAnswer(socket, failure)) return;
  if (socket.data.legacy !== undefined) socket.data.legacy.refuse(String(event), failure, acknowledge);
  else if (acknowledge === undefined) socket.emit('event:error', failure);
  else acknowledge(failure);
}

function toCall(args: readonly unknown[]): Call {
  const last = args.at(-1);
  const acknowledge = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
  const payloads = acknowledge === undefined ? args : args.slice(0, -1);
  return { payload: payloads[0], acknowledge, malformed: payloads.length > 1 };
}

async function dispatch(
  deps: BindDeps,
  { socket, name }: { socket: ChatSocket; name: CommandName },
  call: Call,
): Promise<void> {
  const { pipeline, commandLimits, metrics } = deps;
  const { principal, legacy } = socket.data;
  const startedMs = monotonicMs();
  const answer = await pipeline.answer({
    name,
    principal,
    bucket: COMMANDS[name].bucket,
    payload: call.payload,
    withinBounds: (work) => commandLimits.run(socket, work),
    // Commands of current clients run in parallel: where order matters, those clients wait for the answer.
    inOrder: legacy && ((work) => legacy.inOrder(work)),
    needsValidToken: name !== 'auth:refresh',
    work: () => perform(deps, { socket, name }, call),
  });
  const code = answer.success ? 'OK' : answer.code;
  metrics.eventSeconds.observe({ event: name, code }, (monotonicMs() - startedMs) / 1_000);
  if (commandLimits.mayAnswer(socket, answer)) reply(socket, name, { call, answer });
}

function perform(
  deps: BindDeps,
  { socket, name }: { socket: ChatSocket; name: CommandName },
  { payload, malformed, through }: Call,
): Promise<unknown> {
  if (malformed)
    throw new AppError('VALIDATION', 'Send one object as payload, without positional arguments.');
  if (through === undefined) return handle(deps, { socket, name }, payload);
  // The translation of a legacy event may write, so it runs without the deadline for reads.
  return withoutReadDeadline(() =>
    through((command, commandPayload) => handle(deps, { socket, name: command }, commandPayload)),
  );
}

function handle<Name extends CommandName>(
  { pipeline, handlers }: BindDeps,
  { socket, name }: { socket: ChatSocket; name: Name },
  payload: unknown,
): Promise<CommandData<Name>> {
  const { principal, address } = socket.data;
  const context = { principal, socket, socketId: socket.id, address };
  return pipeline.perform(name, { principal, payload }, ({ payload: parsed, sent }) =>
    handlers[name](sent === undefined ? context : { ...context, sent }, parsed),
  );
}

/** Sends the answer through the acknowledgement if there is one, otherwise as an event of the command's pair. */
function reply(
  socket: ChatSocket,
  name: CommandName,
  { call, answer }: { call: Call; answer: Answer<unknown> },
): void {
  if (call.acknowledge !== undefined) {
    call.acknowledge(answer);
    return;
  }
  const { pair } = COMMANDS[name];
  const event = answer.success ? pair.ok : pair.error;
  // The table pairs each event with its answer; Socket.IO's typing of `emit` cannot express that for a union of names.
  if (event !== undefined) socket.emit(event, answer as never);
}
