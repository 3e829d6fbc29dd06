/** What attribution reads of one message: never its text. */
export interface Said {
  /** Its place in the old log. */
  place: number;
  senderId: string;
  atMs: number;
  /** The place that it answers. */
  replyTo?: number | undefined;
  /** Whom the older system says it was for. */
  recipientId?: string | undefined;
  /** The product or order that it shows. */
  about?: string | undefined;
}

/** Somebody began talking about something: with whom they bought, or of what. */
export interface Start {
  userId: string;
  about?: string | undefined;
  atMs: number;
}

/** A chat of "two" with more people in it. */
export interface MixedChat {
  participants: readonly string[];
  /** The two whom its key names. */
  keyPair?: readonly [string, string] | undefined;
  /** Who the operator, or a field of the document, says it turns around. */
  declaredHub?: string | undefined;
  starts: readonly Start[];
}

export interface AttributionOptions {
  /** Nothing by the order in time: only replies, named recipients, occasions and decisions count. */
  onlyProven?: boolean;
  /** Somebody who has waited longer than this for an answer is not taken for waiting any more. */
  answerWithinMs?: number;
  /** A second message of the hub within this time goes on with the same person. */
  continueWithinMs?: number;
  /** What a human decided, by place: whom it was for. */
  decisions?: ReadonlyMap<number, string>;
}

/** Why a message goes where it goes. */
export type Because =
  | 'decided'
  | 'recipient'
  | 'reply'
  | 'answered'
  | 'occasion'
  | 'to-hub'
  | 'only-two'
  | 'answer'
  | 'continues'
  | 'only-one-so-far';

/** Why it is not known for whom it was. */
export type Doubt =
  | 'no-hub'
  | 'several-waiting'
  | 'nobody-waiting'
  | 'after-a-pause'
  | 'answered-by-several'
  | 'contradicting'
  | 'not-proven'
  | 'not-a-participant';

export type Attribution =
  | { place: number; senderId: string; to: string; because: Because }
  | { place: number; senderId: string; to: undefined; doubt: Doubt };

export const BECAUSE: Readonly<Record<Because, string>> = {
  decided: 'an operator decided it',
  recipient: 'the message names its recipient',
  reply: 'it replies to a message of this exchange',
  answered: 'exactly one of the others replied to it',
  occasion: 'it shows what exactly one of the others asked about',
  'to-hub': 'everybody wrote to the one in the middle',
  'only-two': 'only these two ever took part',
  answer: 'exactly one of the others waited for an answer',
  continues: 'it follows a message to the same person',
  'only-one-so-far': 'nobody else had taken part until then',
};

export const DOUBTS: Readonly<Record<Doubt, string>> = {
  'no-hub': 'it is not evident around whom the chat turns',
  'several-waiting': 'several of the others waited for an answer',
  'nobody-waiting': 'nobody had written yet',
  'after-a-pause': 'nobody waited for an answer, and the exchange before had paused',
  'answered-by-several': 'several of the others replied to it',
  contradicting: 'two signs name different people',
  'not-proven': 'only the order in time speaks for somebody',
  'not-a-participant': 'its sender is not in the chat',
};
