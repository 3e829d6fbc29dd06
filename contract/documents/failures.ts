import { failure } from '../answers.js';
import { ERRORS, type ErrorCode } from '../errors.js';
import type { JsonSchema, JsonSchemas } from './jsonSchemas.js';

/** Schema of a failure with one of these codes. */
export const failureSchema = (codes: readonly ErrorCode[], schemas: JsonSchemas): JsonSchema => ({
  allOf: [schemas.convert(failure, 'output'), { properties: { code: { enum: codes } } }],
});

/** Answer with this code, with the optional fields that it comes with. */
export const exampleOfError = (code: ErrorCode): JsonSchema => ({
  success: false,
  code,
  error: ERRORS[code].meaning,
  ...(code === 'VALIDATION' && { details: [{ path: 'otherUserId', rule: 'must not be empty' }] }),
  ...(ERRORS[code].retry === 'later' && { retryAfterMs: 1_000 }),
  ...(code === 'INTERNAL' && { requestId: '7d9f0c1e' }),
});
