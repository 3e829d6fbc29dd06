import {
  conversationId,
  isRedirected,
  messageId,
  REDIRECTS,
  seqOrZero,
  type CommandData,
  type CommandName,
  type ConversationId,
  type RedirectedCommand,
  type RedirectedField,
  type UserId,
} from '../../../contract/index.js';
import { MAX_HOPS, type Redirects } from '../services/conversations/index.js';
import { Sealed } from '../services/membership/index.js';
import { AppError } from '../utils/appError.js';
import type { Handle, Handled } from './handled.js';

interface RedirectableCommand<Name extends CommandName> {
  name: Name;
  userId: UserId;
  /** Unparsed payload. For each redirect, its fields are replaced and it is parsed again. */
  input: unknown;
  parse: (input: unknown) => Handled<Name>['payload'];
  handle: Handle<Name>;
}

/**
 * Runs a command. When its conversation was merged or split, runs it again in the successor conversation. `REDIRECTS`
 * says how its other fields are translated, so that ids and positions that clients have stored stay valid.
 *
 * @throws AppError `NOT_FOUND` for a message that is not in the successor, `UNAVAILABLE` during a merge or split, and
 * the errors of `parse` and `handle`.
 */
export async function followRedirects<Name extends CommandName>(
  redirects: Redirects,
  { name, userId, input, parse, handle }: RedirectableCommand<Name>,
): Promise<CommandData<Name>> {
  const sent = parse(input);
  let current = input;
  let handled: Handled<Name> = { payload: sent };
  for (let hop = 0; ; hop += 1) {
    try {
      return await handle(handled);
    } catch (error) {
      if (!(error instanceof Sealed) || hop >= MAX_HOPS || !isRedirected(name)) throw error;
      const fields = new Map<string, unknown>(Object.entries(handled.payload));
      const from = conversationId.parse(fields.get('conversationId'));
      const into = await redirects.destination(userId, { from, into: error.into });
      await redirects.waitForTarget(userId, { from, into });
      // A split conversation is sealed into itself. Only messages in the caller's own successor are looked up.
      const hopTo = { from, into, within: from === error.into ? into : undefined };
      const changes = await redirectFields(redirects, { fields, kinds: kindsOf(name) }, hopTo);
      current = Object.assign({}, current, changes);
      handled = { payload: parse(current), sent };
    }
  }
}

const kindsOf = (name: RedirectedCommand): Readonly<Record<string, RedirectedField>> => REDIRECTS[name];

interface Hop {
  from: ConversationId;
  into: ConversationId;
  /** Set after a split: the only successor whose messages the caller may find. */
  within: ConversationId | undefined;
}

/** Returns the fields that have another value in the successor, including `conversationId`. */
async function redirectFields(
  redirects: Redirects,
  {
    fields,
    kinds,
  }: { fields: ReadonlyMap<string, unknown>; kinds: Readonly<Record<string, RedirectedField>> },
  hop: Hop,
): Promise<Record<string, unknown>> {
  const changes = await Promise.all(
    Object.entries(kinds).map(async ([field, kind]): Promise<[string, unknown]> => {
      const value = fields.get(field);
      return [field, value === undefined ? undefined : await redirectOne(redirects, { kind, value }, hop)];
    }),
  );
  return {
    ...Object.fromEntries(changes.filter(([, value]) => value !== undefined)),
    conversationId: hop.into,
  };
}

async function redirectOne(
  redirects: Redirects,
  { kind, value }: { kind: RedirectedField; value: unknown },
  { from, within }: Hop,
): Promise<unknown> {
  switch (kind) {
    case 'messageId': {
      const id = messageId.parse(value);
      return (await redirects.messageOf(id)) ?? id;
    }
    case 'rev':
      return redirects.revOf(from, seqOrZero.parse(value));
    case 'seq':
    case 'seqUpTo':
    case 'seqAfter': {
      const seq = seqOrZero.parse(value);
      const floor = kind !== 'seq';
      const moved = seq === 0 ? 0 : await redirects.seqOf(from, seq, { floor, within });
      if (moved !== undefined) return moved;
      if (!floor) throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
      // No message at or before this `seq` was moved, so the position is the beginning of the new log.
      return kind === 'seqAfter' ? 0 : 1;
    }
  }
}
