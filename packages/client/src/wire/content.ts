export type MessageKind = 'text' | 'system' | 'image' | 'voice' | 'file' | 'location' | 'card';

export type Role = 'owner' | 'admin' | 'member';

/** Whether new members see messages from before they joined: `all`, or only from when they `joined`. */
export type HistoryMode = 'all' | 'joined';

export type AttachmentKind = 'image' | 'voice' | 'file';

/** A file that is stored elsewhere. Accepted where the server allows it (`EXTERNAL_ATTACHMENTS`). */
export interface ExternalAttachment {
  kind: AttachmentKind;
  url: string;
  name?: string | undefined;
  mimeType?: string | undefined;
  sizeBytes?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  durationMs?: number | undefined;
  thumbnailUrl?: string | undefined;
}

/** Picture, voice message or file of a message. The file itself is in object storage. */
export interface Attachment extends ExternalAttachment {
  /** Absent for a file that is stored elsewhere. */
  attachmentId?: string | undefined;
  /** ThumbHash of an image as base64: shows a blurred preview before anything is loaded. */
  thumbhash?: string | undefined;
  /** Loudness of a voice note over time, 0 (silent) to 100, oldest first. */
  waveform?: number[] | undefined;
  /** `client` when `durationMs` and `waveform` are the sender's word, because the file does not tell. */
  soundFrom?: 'file' | 'client' | undefined;
  /** True when the file may name a place or a device: the server cannot remove the metadata of this type. */
  mayHoldMetadata?: boolean | undefined;
  /** ISO 8601. The URLs of uploaded files expire; new ones: read the message again, or `getAttachment`. */
  urlExpiresAt?: string | undefined;
}

/** An attachment of a message to send: an uploaded file, or one that is stored elsewhere. */
export type SentAttachment = { attachmentId: string } | ExternalAttachment;

export interface Location {
  latitude: number;
  longitude: number;
  title?: string | undefined;
}

/** Price for display: a decimal (`12.50`) and an ISO 4217 currency code (`EUR`). */
export interface CardPrice {
  amount: string;
  currency: string;
}

/** A product or an order. */
export interface Card {
  kind: 'product' | 'order';
  id?: string | undefined;
  title: string;
  pictureUrl?: string | undefined;
  price?: CardPrice | undefined;
}

export type OccasionKind = 'general' | 'product' | 'seller' | 'order';

/** Occasion on which two users start to talk. Stored with their conversation; it never creates a second one. */
export interface OccasionInput {
  kind: OccasionKind;
  id?: string | undefined;
  title?: string | undefined;
}

/** Change of members, roles, name or rules that a message of kind `system` records. */
export type Action =
  | {
      type: 'created';
      members: { userId: string; role: Role }[];
      name?: string;
      avatar?: string;
      history: HistoryMode;
      open: boolean;
    }
  | { type: 'added'; userIds: string[] }
  | { type: 'joined' }
  | { type: 'left'; successor?: string }
  | { type: 'removed'; userIds: string[] }
  | { type: 'role'; userId: string; role: Role }
  | { type: 'renamed'; name: string }
  | { type: 'avatar'; avatar?: string }
  | { type: 'settings'; history?: HistoryMode; open?: boolean }
  | { type: 'blocked' }
  | { type: 'unblocked' }
  | { type: 'unmatched' }
  | { type: 'reopened' }
  | { type: 'sealed'; into: string };

export type ActionType = Action['type'];
