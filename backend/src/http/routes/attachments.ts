import type { Router } from 'express';
import type { Services } from '../../services/index.js';
import { mount, type RouteDeps } from '../route.js';

export interface AttachmentRouteDeps extends RouteDeps {
  fileAccess: Services['fileAccess'];
}

/** Mounts the addresses of files that do not expire: they redirect whoever may see a file to where it is now. */
export function mountAttachments(router: Router, deps: AttachmentRouteDeps): void {
  mount(deps, router, {
    name: 'redirectToFile',
    handle: ({ userId }, { params }) =>
      deps.fileAccess.locate(userId, params.attachmentId, { thumbnail: false }),
  });
  mount(deps, router, {
    name: 'redirectToThumbnail',
    handle: ({ userId }, { params }) =>
      deps.fileAccess.locate(userId, params.attachmentId, { thumbnail: true }),
  });
}
