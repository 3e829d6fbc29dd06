import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Histogram buckets, in seconds: from a small file to the time limit of a large image. */
const CHECK_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];

/** Creates the metrics about uploaded files. */
export const createAttachmentMetrics = (registers: Registry[]) => ({
  attachmentOutcomes: new Counter({
    name: 'parley_attachments_total',
    help: 'Checked uploads by kind and outcome: ready, or the reason for which they were rejected.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  }),
  attachmentBytes: new Counter({
    name: 'parley_attachment_bytes_total',
    help: 'Bytes of accepted files, as they are stored.',
    registers,
  }),
  attachmentSeconds: new Histogram({
    name: 'parley_attachment_check_seconds',
    help: 'Time from claiming an upload until it is ready or rejected.',
    labelNames: ['kind'] as const,
    buckets: CHECK_SECONDS,
    registers,
  }),
  storeFailures: new Counter({
    name: 'parley_object_store_failures_total',
    help: 'Requests that the object store did not answer as expected.',
    registers,
  }),
  deletingAttachments: new Gauge({
    name: 'parley_attachments_deleting',
    help: 'Deleted files whose objects are still to be removed, as last counted.',
    aggregator: 'max',
    registers,
  }),
  heldAttachments: new Gauge({
    name: 'parley_attachments_held',
    help: 'Files of deleted messages that are kept until reports about them are decided, as last counted.',
    aggregator: 'max',
    registers,
  }),
  sweptAttachments: new Counter({
    name: 'parley_attachments_swept_total',
    help: 'Unused uploads and objects that were removed, by what they were.',
    labelNames: ['what'] as const,
    registers,
  }),
});
