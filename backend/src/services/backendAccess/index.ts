export { ApiKeyDirectory, type KeyPrincipal } from './apiKeyDirectory.js';
export { AuditLog, type Act } from './auditLog.js';
export { IdempotentCalls } from './idempotentCalls.js';
