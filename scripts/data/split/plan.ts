import mongoose from 'mongoose';
import { participantsKey, sortPair } from '../../../backend/src/utils/participantsKey.js';
import type { Attribution } from './chat.js';

type ObjectId = mongoose.Types.ObjectId;

/** A message of the old log, without its content. */
export interface OldMessage {
  _id: ObjectId;
  seq: number;
  senderId: string;
  replyTo?: number | undefined;
  /** True when it is counted: false for messages sent under a restriction. */
  counts: boolean;
}

/**
 * A conversation that results from a split: of a pair, or of one sender's messages without known addressee ('apart').
 */
export interface Target {
  _id: ObjectId;
  kind: 'pair' | 'apart';
  /** User ids, sorted. */
  members: string[];
}

/** New conversation and new `seq` of one message. */
export interface Move {
  _id: ObjectId;
  seq: number;
  senderId: string;
  into: ObjectId;
  toSeq: number;
  /** Number of counted messages up to it in the new conversation. */
  toN: number;
  /** Set only if the replied message is in the same new conversation. */
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
 * Assigns each message a new conversation and a gapless `seq` there, in the order of the old log. A conversation of
 * unattributed messages begins with a `created` entry. A reply to a message of another conversation loses its
 * `replyTo`.
 */
export function planMoves(messages: readonly OldMessage[], attributions: readonly Attribution[]): Plan {
  const targets = new Map<string, Target & { seq: number; n: number }>();
  const newSeqs = new Map<number, { into: ObjectId; toSeq: number }>();
  const moves = messages.flatMap((message, index): Move[] => {
    const attribution = attributions[index];
    if (attribution === undefined) return [];
    const key = targetKey(attribution);
    const target = targets.get(key) ?? newTarget(attribution);
    targets.set(key, target);
    target.seq += 1;
    if (message.counts) target.n += 1;
    const answered = message.replyTo === undefined ? undefined : newSeqs.get(message.replyTo);
    newSeqs.set(message.seq, { into: target._id, toSeq: target.seq });
    const { _id, seq, senderId } = message;
    return [
      {
        _id,
        seq,
        senderId,
        into: target._id,
        toSeq: target.seq,
        toN: target.n,
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

/** Maps `seq` of the old log to `seq` of one new conversation. */
export class SeqMap {
  /** In the order of the old log, which is the order of the new one. */
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

  /** Returns the last message of the new conversation whose old `seq` is at most this. */
  upTo(seq: number): { seq: number; n: number } {
    const last = this.moves.findLast((move) => move.seq <= seq);
    return { seq: last?.toSeq ?? 0, n: last?.toN ?? 0 };
  }
}
