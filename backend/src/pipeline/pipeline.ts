import {
  COMMANDS,
  PAYLOADS,
  type Answer,
  type BucketName,
  type CommandData,
  type CommandName,
} from '../../../contract/index.js';
import type { Redirects } from '../services/conversations/index.js';
import type { Principal } from '../services/users/index.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import type { AcceptedUrls } from './acceptedUrls.js';
import type { CommandGuard } from './commandGuard.js';
import { toFailure, toInputError, withMessageId } from './failure.js';
import type { RateLimits } from './rateLimits.js';
import type { InTurn } from './userWork.js';
import { followRedirects } from './followRedirects.js';
import type { Handle, Handled } from './handled.js';

export interface PipelineDeps {
  commandGuard: CommandGuard;
  rateLimits: RateLimits;
  urls: AcceptedUrls;
  redirects: Redirects;
  log: ThrottledLog;
}

/** Wraps the work of a call, to limit or to order it. */
type Wrapper = <T>(work: () => Promise<T>) => Promise<T>;

const unwrapped: Wrapper = (work) => work();

/** One call by a user, before its payload is parsed. */
export interface Call<Data> {
  /** Names the call in log lines. */
  name: string;
  principal: Principal;
  /** Rate limit that the call counts against. */
  bucket: BucketName;
  /** Unparsed payload. Failed answers repeat its `clientMessageId`. */
  payload: unknown;
  /** Applies the limits of the connection. Encloses every other step. */
  withinBounds?: Wrapper | undefined;
  /** Runs the calls of a connection one after the other. Encloses every step after the command guard. */
  inOrder?: Wrapper | undefined;
  /** Loads the caller's user record, before the token is checked. */
  prepare?: (() => Promise<unknown>) | undefined;
  /** False for the command that renews a token: it may arrive after the old one has expired. */
  needsValidToken?: boolean;
  /** Checks other credentials in place of the token: an API key and its scope. */
  requireValid?: (() => Promise<void>) | undefined;
  work: () => Promise<Data>;
}

/**
 * Steps of every call, from a socket or over HTTP: command guard → token → rate limit → the user's turn → work →
 * answer. The work of a command is parse → URLs → handler. It is repeated in the successor when the conversation was
 * merged or split. Entry points differ only in how they read a call and write its answer.
 */
export class Pipeline {
  readonly #deps: PipelineDeps;

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  /** Runs a call and returns its answer. Never throws: every failure becomes an answer with a code. */
  async answer<Data>(call: Call<Data>): Promise<Answer<Data>> {
    try {
      return { success: true, data: await this.#run(call) };
    } catch (error) {
      return withMessageId(toFailure(error, this.#deps.log, { command: call.name }), call.payload);
    }
  }

  #run<Data>({ withinBounds = unwrapped, inOrder = unwrapped, ...call }: Call<Data>): Promise<Data> {
    const { commandGuard } = this.#deps;
    return withinBounds(() =>
      commandGuard.run(call.principal.userId, (inTurn) => inOrder(() => this.#admit(call, inTurn))),
    );
  }

  async #admit<Data>(call: Call<Data>, inTurn: InTurn): Promise<Data> {
    const { principal, bucket, prepare, needsValidToken = true, requireValid, work } = call;
    const { commandGuard, rateLimits } = this.#deps;
    await prepare?.();
    if (requireValid !== undefined) await requireValid();
    else if (needsValidToken) await commandGuard.requireValid(principal);
    await rateLimits.consume(bucket, principal.userId);
    return inTurn(bucket, work);
  }

  /**
   * Parses the payload of a command and passes it to the handler.
   *
   * @throws AppError `VALIDATION`, `TOO_LARGE`, and the errors of the handler.
   */
  perform<Name extends CommandName>(
    name: Name,
    { principal, payload }: Pick<Call<unknown>, 'principal' | 'payload'>,
    handle: Handle<Name>,
  ): Promise<CommandData<Name>> {
    const parse = (input: unknown): Handled<Name>['payload'] => {
      const parsed = PAYLOADS[name].payload.safeParse(input);
      if (!parsed.success) throw toInputError(parsed.error);
      this.#deps.urls.require(COMMANDS[name].payload, parsed.data);
      return parsed.data;
    };
    const { userId } = principal;
    return followRedirects(this.#deps.redirects, { name, userId, input: payload, parse, handle });
  }
}
