import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { HideModel } from '../../models/hideModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Positions } from '../positions/index.js';

interface PinContent {
  conversations: readonly Pick<ConversationRecord, '_id' | 'pinned'>[];
  positions: ReadonlyMap<ConversationId, Positions>;
}

/** Finds the pinned messages that a viewer has deleted for themselves: one query, if there may be any. */
export class HiddenPins {
  readonly #hides: Pick<HideModel, 'findHidden'>;

  constructor(hides: Pick<HideModel, 'findHidden'>) {
    this.#hides = hides;
  }

  async find(
    viewer: UserId,
    { conversations, positions }: PinContent,
  ): Promise<ReadonlyMap<ConversationId, readonly number[]>> {
    const possible = conversations.flatMap(({ _id: id, pinned = [] }) => {
      const lastHiddenSeq = positions.get(id)?.get(viewer)?.lastHiddenSeq ?? 0;
      return pinned.flatMap((seq) => (seq <= lastHiddenSeq ? { id, seq } : []));
    });
    const [ids, seqs] = [new Set(possible.map(({ id }) => id)), new Set(possible.map(({ seq }) => seq))];
    const found = await this.#hides.findHidden(viewer, [...ids], [...seqs]);
    const hidden = groupBy(found, ({ conversationId }) => conversationId);
    return new Map([...hidden].map(([id, ofOne]) => [id, ofOne.map(({ seq }) => seq)]));
  }
}
