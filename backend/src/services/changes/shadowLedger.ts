import type { UserId } from '../../../../contract/index.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { type SeenMessage, withShadowChanges, withShadowPins } from '../visibility/index.js';
import type { Ledger } from './ledger.js';

/** A ledger as one restricted user sees it. Their shadow changes are checked against it. */
export class ShadowLedger implements Pick<Ledger, 'message' | 'emojisOf' | 'pinned'> {
  readonly #base: Ledger;
  readonly #by: UserId;
  readonly #changes: ChangeRecord[];

  /** @param changes stored shadow changes, oldest first. */
  constructor(base: Ledger, by: UserId, changes: readonly ChangeRecord[]) {
    this.#base = base;
    this.#by = by;
    this.#changes = [...changes];
  }

  get pinned(): readonly number[] {
    return withShadowPins(this.#base.pinned, this.#changes);
  }

  message(seq: number): MessageRecord | undefined {
    return this.#seen(seq)?.message;
  }

  emojisOf(seq: number): readonly string[] {
    return this.#seen(seq)?.emojis ?? [];
  }

  add(change: ChangeRecord): void {
    this.#changes.push(change);
  }

  #seen(seq: number): SeenMessage | undefined {
    const message = this.#base.message(seq);
    const changes = this.#changes.filter((change) => change.seq === seq);
    return message && withShadowChanges(message, this.#base.reactionsOf(seq, this.#by), changes);
  }
}
