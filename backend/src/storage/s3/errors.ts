import { S3ServiceException } from '@aws-sdk/client-s3';
import { ObjectChanged, StoreUnavailable } from '../../services/objectStore.js';

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** True when the object, the upload or the bucket does not exist. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404;

/** True when the store answered, and refused the credentials. */
export const isForbidden = (error: unknown): boolean => statusOf(error) === 403 || statusOf(error) === 401;

/** Runs a request. @throws ObjectChanged for a failed precondition, StoreUnavailable for everything else. */
export async function ask<Result>(request: () => Promise<Result>): Promise<Result> {
  try {
    return await request();
  } catch (error) {
    if (statusOf(error) === 412) throw new ObjectChanged('the object has changed', { cause: error });
    if (error instanceof ObjectChanged) throw error;
    throw new StoreUnavailable('the object store did not answer as expected', { cause: error });
  }
}

/** Runs a request about something that may not exist. */
export async function askForExisting<Result>(request: () => Promise<Result>): Promise<Result | undefined> {
  return ask(async () => {
    try {
      return await request();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}
