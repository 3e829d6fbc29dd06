import type { Attachment } from '../wire/index.js';

/** Files of messages. */
export interface AttachmentsApi {
  /**
   * Returns a file with URLs that are valid for some time: itself while its own are, else with new ones from the server.
   * Several calls for one file share a question. Call it with `force` when an image did not load.
   *
   * @throws ParleyError `NOT_FOUND` when the message is gone
   */
  refresh: (attachment: Attachment, options?: { force?: boolean | undefined }) => Promise<Attachment>;
}
