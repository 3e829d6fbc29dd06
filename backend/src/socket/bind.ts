import {
  COMMANDS,
  COMMAND_NAMES,
  type Answer,
  type CommandData,
  type CommandName,
  type Failure,
} from '../../../contract/index.js';
import { toFailure, toInputError, withMessageId } from '../pipeline/failure.js';
import type { Gate } from '../pipeline/gate.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import { AppError } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import type { CommandLimits } from './commandLimits.js';
import type { Handlers } from './handlers/index.js';
import type { Legacy, RunCommand } from './legacy/index.js';
import type { ChatSocket } from './types.js';

export interface BindParts {
  gate: Gate;
  commandLimits: CommandLimits;
  rateLimits: RateLimits;
  handlers: Handlers;
  /** Old names of old clients, where they are served. */
  legacy: Legacy | undefined;
  metrics: Metrics;
  logger: Logger;
}

/** What a client put behind the event's name, whatever it was: a payload, and perhaps a way to answer. */
interface Call {
  payload: unknown;
  acknowledge: ((answer: Answer<unknown>) => void) | undefined;
  /** Something positional besides the one payload. */
  malformed: boolean;
  /** Of an old client: how its event becomes a command with a payload. */
  through?: (run: RunCommand) => Promise<unknown>;
}

/**
 * Attaches the whole table of commands to a connection, synchronously: a listener that came after an `await` would
 * miss the first events. Every call is answered, by its acknowledgement or else by the row's pair of events; nothing
 * that a client sends can throw past here.
 */
export function bindCommands(parts: BindParts, socket: ChatSocket): void {
  // One listener for the whole table: with ten thousand connections, one for each row would be most of their memory.
  socket.onAny((event: unknown, ...args: unknown[]) => {
    const old = parts.legacy?.callOf(socket, event, args);
    if (old !== undefined) {
      const call = {
        payload: undefined,
        acknowledge: old.acknowledge,
        malformed: false,
        through: old.through,
      };
      void dispatch(parts, { socket, name: old.command }, call);
      return;
    }
    const name = COMMAND_NAMES.find((command) => command === event);
    if (name !== undefined) void dispatch(parts, { socket, name }, toCall(args));
    else answerUnknown(parts, { socket, event }, toCall(args));
  });
  socket.on('error', (error: Error) => parts.logger.warn({ err: error }, 'a connection failed'));
}

function answerUnknown(
  { metrics, commandLimits }: BindParts,
  { socket, event }: { socket: ChatSocket; event: unknown },
  { acknowledge }: Call,
): void {
  const failure: Failure = { success: false, code: 'NOT_FOUND', error: 'There is no such event.' };
  metrics.eventSeconds.observe({ event: 'unknown', code: failure.code }, 0);
  if (!commandLimits.mayAnswer(socket, failure)) return;
  if (socket.data.old !== undefined) socket.data.old.refuse(String(event), failure, acknowledge);
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
  parts: BindParts,
  { socket, name }: { socket: ChatSocket; name: CommandName },
  call: Call,
): Promise<void> {
  const startedMs = monotonicMs();
  const answer = await run(parts, { socket, name }, call);
  const code = answer.success ? 'OK' : answer.code;
  parts.metrics.eventSeconds.observe({ event: name, code }, (monotonicMs() - startedMs) / 1_000);
  if (parts.commandLimits.mayAnswer(socket, answer)) reply(socket, name, { call, answer });
}

async function run<Name extends CommandName>(
  parts: BindParts,
  { socket, name }: { socket: ChatSocket; name: Name },
  call: Call,
): Promise<Answer<CommandData<Name>>> {
  try {
    const data = await parts.commandLimits.run(socket, () =>
      parts.gate.run(() => execute(parts, { socket, name }, call)),
    );
    return { success: true, data };
  } catch (error) {
    return withMessageId(toFailure(error, parts.logger, { command: name }), call.payload);
  }
}

async function execute<Name extends CommandName>(
  parts: BindParts,
  { socket, name }: { socket: ChatSocket; name: Name },
  call: Call,
): Promise<CommandData<Name>> {
  const { gate, rateLimits } = parts;
  const { principal } = socket.data;
  const row = COMMANDS[name];
  // A connection whose token has expired may still bring a new one.
  if (name !== 'auth:refresh') await gate.requireValid(principal);
  await rateLimits.consume(row.bucket, principal.userId);
  if (call.malformed) throw new AppError('VALIDATION', 'Give one object as payload, nothing positional.');
  if (call.through === undefined) return handle(parts, { socket, name }, call.payload);
  // What an old event becomes answers as the command does that it became.
  return (await call.through((other, payload) =>
    handle(parts, { socket, name: other }, payload),
  )) as CommandData<Name>;
}

async function handle<Name extends CommandName>(
  { handlers }: BindParts,
  { socket, name }: { socket: ChatSocket; name: Name },
  payload: unknown,
): Promise<CommandData<Name>> {
  const parsed = COMMANDS[name].payload.safeParse(payload);
  if (!parsed.success) throw toInputError(parsed.error);
  // The table pairs each payload with its handler; a union over all rows cannot express that.
  return handlers[name](
    { principal: socket.data.principal, socket, socketId: socket.id },
    parsed.data as never,
  );
}

/** By the acknowledgement where there is one, else by the row's pair: never silence for a failure. */
function reply(
  socket: ChatSocket,
  name: CommandName,
  { call, answer }: { call: Call; answer: Answer<CommandData<CommandName>> },
): void {
  if (call.acknowledge !== undefined) {
    call.acknowledge(answer);
    return;
  }
  const { pair } = COMMANDS[name];
  const event = answer.success ? pair.ok : pair.error;
  if (event !== undefined) socket.emit(event, answer as never);
}
