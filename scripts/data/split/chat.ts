/** Facts about one message that attribution uses; never its text. */
export interface MessageFacts {
  /** Its `seq` in the old log. */
  seq: number;
  senderId: string;
  atMs: number;
  /** `seq` of the message it replies to. */
  replyTo?: number | undefined;
  /** Recipient named by the old system. */
  recipientId?: string | undefined;
  /** Id of the product or order that it shows. */
  about?: string | undefined;
}

/** The start of a conversation by a user, possibly about a product or order. */
export interface Start {
  userId: string;
  about?: string | undefined;
  atMs: number;
}

/** A "one-to-one" chat with more than two users. */
export interface MixedChat {
  participants: readonly string[];
  /** The two users that its key names. */
  keyPair?: readonly [string, string] | undefined;
  /** The hub according to the operator or a field of the document. */
  declaredHub?: string | undefined;
  starts: readonly Start[];
}

export interface AttributionOptions {
  /** Ignores the order in time: only replies, named recipients, occasions and decisions count. */
  onlyProven?: boolean;
  /** Time after which a user no longer counts as waiting for an answer, in ms. */
  answerWithinMs?: number;
  /** Time within which a further message of the hub has the same addressee as the previous one, in ms. */
  continueWithinMs?: number;
  /** Manual decisions: the addressee by `seq`. */
  decisions?: ReadonlyMap<number, string>;
}

/** Evidence for the addressee of a message. */
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
  | 'only-one-so-far'
  | 'planned';

/** Reason why the addressee is unknown. */
export type Doubt =
  | 'no-hub'
  | 'alone'
  | 'waited-too-long'
  | 'planned'
  | 'several-waiting'
  | 'nobody-waiting'
  | 'after-a-pause'
  | 'answered-by-several'
  | 'contradicting'
  | 'not-proven'
  | 'not-a-participant';

export type Attribution =
  | { seq: number; senderId: string; to: string; because: Because }
  | { seq: number; senderId: string; to: undefined; doubt: Doubt };

export const BECAUSE: Readonly<Record<Because, string>> = {
  decided: 'an operator decided it',
  recipient: 'the message names its recipient',
  reply: 'it replies to a message of this exchange',
  answered: 'exactly one of the others replied to it',
  occasion: 'it shows a product or order that exactly one of the others asked about',
  'to-hub': 'it was sent to the user in the middle (the hub)',
  'only-two': 'only these two ever took part',
  answer: 'exactly one of the others was waiting for an answer',
  continues: 'it directly follows a message to that user',
  'only-one-so-far': 'no one else had taken part until then',
  planned: 'an earlier run decided it',
};

export const DOUBTS: Readonly<Record<Doubt, string>> = {
  'no-hub': 'the user in the middle (the hub) is unknown',
  alone: 'no one else is in the chat',
  'waited-too-long': 'the user who was waiting for an answer had waited too long',
  planned: 'an earlier run found no addressee',
  'several-waiting': 'several of the others were waiting for an answer',
  'nobody-waiting': 'no one had written yet',
  'after-a-pause': 'no one was waiting for an answer, and the previous exchange was too long ago',
  'answered-by-several': 'several of the others replied to it',
  contradicting: 'the evidence names different users',
  'not-proven': 'only the order in time suggests an addressee',
  'not-a-participant': 'its sender is not in the chat',
};
