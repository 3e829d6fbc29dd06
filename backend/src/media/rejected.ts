import type { RejectionReason } from '../../../contract/index.js';

/** The file cannot be accepted, for a reason that its sender is told. */
export class Rejected extends Error {
  constructor(readonly reason: RejectionReason) {
    super(reason);
    this.name = 'Rejected';
  }
}
