import { useMemo } from 'react';
import type { Card, Conversation, OccasionView } from '@parley/client';
import { isMessage, logOf } from '@parley/client/selectors';
import type { Translate } from '../context.js';
import { showControls } from '../bidi.js';
import { useClientState } from '../state.js';

/** Subject of a chat: an occasion, with the newest card on this device that shows it. */
export interface Subject {
  occasion: OccasionView;
  card: Card | undefined;
  /** The message of the card. */
  seq: number | undefined;
}

/** Returns the subjects of a chat, oldest first. Occasions that say nothing are left out. */
export function useSubjects({ id, occasions }: Conversation): Subject[] {
  const log = useClientState((state) => logOf(state, id));
  return useMemo(() => {
    const newestFirst = log
      .filter(isMessage)
      .filter(({ card }) => card !== undefined)
      .reverse();
    return occasions
      .filter(({ kind, title }) => kind !== 'general' || title !== undefined)
      .map((occasion) => {
        const found = newestFirst.find(({ card }) => card !== undefined && isAbout(card, occasion));
        return { occasion, card: found?.card, seq: found?.seq };
      });
  }, [log, occasions]);
}

const isAbout = (card: Card, { kind, id, title }: OccasionView): boolean =>
  card.kind === kind && (id === undefined || card.id === undefined ? card.title === title : card.id === id);

/** Title of an occasion without its kind; undefined when it has neither title nor id. */
export function titleOfSubject({ occasion, card }: Subject): string | undefined {
  const title = occasion.title ?? card?.title ?? occasion.id;
  return title === undefined ? undefined : showControls(title);
}

/** An occasion in one line. */
export function lineOf(subject: Subject, t: Translate): string {
  const title = titleOfSubject(subject);
  const kind = t(subject.occasion.kind);
  return title === undefined ? kind : `${kind} · ${title}`;
}
