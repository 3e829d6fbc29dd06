import mongoose from 'mongoose';
import { participantsKey, sortPair } from '../../../backend/src/utils/participantsKey.js';
import type { Attribution } from './chat.js';

type ObjectId = mongoose.Types.ObjectId;

/** A message of the old log, without what it says. */
export interface OldMessage {
  _id: ObjectId;
  seq: number;
  senderId: string;
  replyTo?: number | undefined;
  /** Counts as a message: not sent under a restriction. */
  counts: boolean;
}

/** A conversation that comes out of a mixed chat: of a pair, or of what one person wrote to nobody knows whom. */
export interface Target {
  _id: ObjectId;
  kind: 'pair' | 'apart';
  /** Sorted. */
  members: string[];
}

/** Where one message goes. */
export interface Move {
  _id: ObjectId;
  seq: number;
  senderId: string;
  into: ObjectId;
  toSeq: number;
  /** How many counted messages there are up to it, there. */
  toN: number;
  /** Only to a message of the same conversation. */
  toReplyTo: number | undefined;
}

export interface Plan {
  targets: Target[];
  /** In the order of the old log. */
  moves: Move[];
}

const targetKey = ({ senderId, to }: Attribution): string =>
  to === undefined ? JSON.stringify([senderId]) : participantsKey(senderId, to);

/**
 * Gives every message its new conversation and its place there: without a gap, in the order of the old log. An apart
 * one begins with the entry that says who is in it. What answers a message that goes elsewhere answers nothing.
 */
export function planMoves(messages: readonly OldMessage[], attributions: readonly Attribution[]): Plan {
  const targets = new Map<string, Target & { seq: number; n: number }>();
  const places = new Map<number, { into: ObjectId; toSeq: number }>();
  const moves = messages.flatMap((message, index): Move[] => {
    const attribution = attributions[index];
    if (attribution === undefined) return [];
    const key = targetKey(attribution);
    const target = targets.get(key) ?? newTarget(attribution);
    targets.set(key, target);
    target.seq += 1;
    if (message.counts) target.n += 1;
    const answered = message.replyTo === undefined ? undefined : places.get(message.replyTo);
    places.set(message.seq, { into: target._id, toSeq: target.seq });
    const { _id, seq, senderId } = message;
    return [
      {
        ...{ _id, seq, senderId, into: target._id, toSeq: target.seq, toN: target.n },
        toReplyTo: answered?.into.equals(target._id) === true ? answered.toSeq : undefined,
      },
    ];
  });
  return { targets: [...targets.values()].map(({ _id, kind, members }) => ({ _id, kind, members })), moves };
}

function newTarget({ senderId, to }: Attribution): Target & { seq: number; n: number } {
  const _id = new mongoose.Types.ObjectId();
  return to === undefined
    ? { _id, kind: 'apart', members: [senderId], seq: 1, n: 0 }
    : { _id, kind: 'pair', members: sortPair(senderId, to), seq: 0, n: 0 };
}

/** Where places of the old log are in one of the new ones. */
export class Places {
  /** In the order of the old log, and so of the new one. */
  readonly moves: readonly Move[];
  readonly #bySeq: ReadonlyMap<number, Move>;

  constructor(
    plan: Plan,
    readonly target: Target,
  ) {
    this.moves = plan.moves.filter(({ into }) => into.equals(target._id));
    this.#bySeq = new Map(this.moves.map((move) => [move.seq, move]));
  }

  at(seq: number): Move | undefined {
    return this.#bySeq.get(seq);
  }

  /** The last place that was at most there. */
  upTo(seq: number): { seq: number; n: number } {
    const last = this.moves.findLast((move) => move.seq <= seq);
    return { seq: last?.toSeq ?? 0, n: last?.toN ?? 0 };
  }
}
