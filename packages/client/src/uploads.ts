export { fileUploads, type FileUploadOptions } from './uploads/fileUploads.js';
export type { OpenUri } from './uploads/source.js';
export type { Transfer, TransferRequest } from './uploads/transfer.js';
