import type { Ask, LinkAnswer } from '../connection/link.js';
import { ParleyError } from '../errors/parleyError.js';
import type { CommandData, CommandName, CommandPayload } from '../wire/index.js';

export type FailedAnswer = Extract<LinkAnswer<CommandName>, { success: false }>;

export function toError(answer: FailedAnswer): ParleyError {
  const { code, error, retryAfterMs } = answer;
  return new ParleyError(code, error, {
    retryAfterMs,
    ...('details' in answer && { details: answer.details }),
    ...('requestId' in answer && { requestId: answer.requestId }),
  });
}

/** Runs a command. @throws ParleyError */
export type Run = <Name extends CommandName>(
  name: Name,
  payload: CommandPayload<Name>,
) => Promise<CommandData<Name>>;

export const createRun =
  (ask: Ask): Run =>
  async (name, payload) => {
    const answer = await ask(name, payload);
    if (!answer.success) throw toError(answer);
    return answer.data;
  };
