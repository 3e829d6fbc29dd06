/**
 * Everything on the wire, as plain interfaces. `test/client/wire/equality.ts` does not compile when a shape differs from the
 * server's contract; `test/client/wire/tables.test.ts` compares the tables.
 */
export * from './attachments.js';
export * from './changes.js';
export * from './closeCodes.js';
export * from './commands.js';
export * from './content.js';
export * from './conversations.js';
export * from './devices.js';
export * from './errors.js';
export * from './groups.js';
export * from './limits.js';
export * from './messages.js';
export * from './pushes.js';
export * from './receipts.js';
export * from './safety.js';
export * from './session.js';
export * from './text.js';
export * from './users.js';
