/** Receives what the SDK has to tell its developer. Never called with tokens or message text. */
export interface ParleyLogger {
  debug: (message: string, fields?: Record<string, unknown>) => void;
  warn: (message: string, fields?: Record<string, unknown>) => void;
  error: (message: string, fields?: Record<string, unknown>) => void;
}
