import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Principal } from '../../services/users/index.js';
import type { CommandHandlers } from '../types.js';
import type { ServerCommandDeps } from './types.js';

/** Builds `runAs`, which runs commands for the app's backend through the pipeline. */
export function createRunAs({
  pipeline,
  commands,
}: {
  pipeline: Pipeline;
  commands: CommandHandlers;
}): ServerCommandDeps['runAs'] {
  return (userId, name, payload) => {
    const principal: Principal = {
      userId,
      issuedAtMs: 0,
      expiresAtMs: Infinity,
      roles: ['backend', 'moderator'],
    };
    return pipeline.perform(name, { principal, payload }, ({ payload: parsed, sent }) =>
      commands[name](sent === undefined ? { principal } : { principal, sent }, parsed),
    );
  };
}
