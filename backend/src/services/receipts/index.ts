export { ReceiptReads } from './receiptReads.js';
export { ReceiptService, type ReceiptWindows } from './receiptService.js';
