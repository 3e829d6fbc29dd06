import { CLOSE_CODES, type CloseCode } from '../wire/index.js';

interface CloseRule {
  code: CloseCode;
  reconnect: boolean;
  afterMs: number | undefined;
}

/**
 * Returns the rule of the close code in the details of Socket.IO's `disconnect` event. Undefined for any other loss of the
 * connection, after which the client reconnects.
 */
export function closeRuleOf(details: unknown): CloseRule | undefined {
  if (typeof details !== 'object' || details === null || !('context' in details)) return undefined;
  const { context } = details;
  if (typeof context !== 'object' || context === null || !('code' in context)) return undefined;
  for (const code of Object.keys(CLOSE_CODES) as CloseCode[]) {
    const { status, reconnect, afterMs } = CLOSE_CODES[code];
    if (status === context.code) return { code, reconnect, afterMs };
  }
  return undefined;
}
