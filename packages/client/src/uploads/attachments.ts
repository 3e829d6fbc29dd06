import type { AttachmentsApi } from '../api/attachments.js';
import { BoundedMap } from '../promises/boundedMap.js';
import type { Attachment } from '../wire/index.js';
import { createRun } from '../client/answers.js';
import type { UploadDeps } from './part.js';

/** Files whose new URLs are remembered. */
const MAX_KNOWN = 500;
/** A URL that expires sooner is asked for anew, in ms. */
const MARGIN_MS = 15_000;

export function createAttachmentsApi({ store, ask }: Pick<UploadDeps, 'store' | 'ask'>): AttachmentsApi {
  const run = createRun(ask);
  const fresh = new BoundedMap<string, Attachment>(MAX_KNOWN);
  const asked = new Map<string, Promise<Attachment>>();

  // Whoever signs in next has to ask for themselves.
  store.onChange(({ userId }, before) => {
    if (userId !== before.userId) fresh.clear();
  });

  const isValid = ({ urlExpiresAt }: Attachment): boolean =>
    urlExpiresAt === undefined ||
    Date.parse(urlExpiresAt) - (Date.now() + store.getState().clockOffsetMs) > MARGIN_MS;

  function request(attachmentId: string): Promise<Attachment> {
    const known = asked.get(attachmentId);
    if (known !== undefined) return known;
    const answer = run('getAttachment', { attachmentId })
      .then(({ attachment }) => {
        fresh.set(attachmentId, attachment);
        return attachment;
      })
      .finally(() => asked.delete(attachmentId));
    asked.set(attachmentId, answer);
    return answer;
  }

  return {
    async refresh(attachment, { force = false } = {}) {
      const { attachmentId } = attachment;
      if (attachmentId === undefined) return attachment;
      const known = [fresh.get(attachmentId), attachment].find((one) => one !== undefined && isValid(one));
      return known !== undefined && !force ? known : request(attachmentId);
    },
  };
}
