import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import {
  ERRORS,
  userId,
  type BucketName,
  type ConversationId,
  type ConversationView,
  type UserId,
} from '../../../../contract/index.js';
import { toInputError } from '../../pipeline/failure.js';
import type { Services } from '../../services/index.js';
import type { Principal } from '../../services/users/index.js';
import { AppError } from '../../utils/appError.js';
import { answerCall, send, type RouteDeps } from '../route.js';
import { DEMO_USER_IDS } from './users.js';

export interface MatchDeps extends RouteDeps {
  conversations: Services['conversations'];
  /** Makes the example chats, at the first call. */
  giveExamples: () => Promise<void>;
}

export interface Match {
  userId: UserId;
  conversationId: ConversationId;
  at: string;
}

/** The occasion of a chat that a match has opened. */
export const MATCH_OCCASION = { kind: 'general', id: 'match' } as const;

const PATH = '/api/demo/matches';
const matchInput = z.strictObject({ userId });

/**
 * Mounts the matches of the demo. They are not stored anywhere else: a pair has matched while its chat is open and has the
 * occasion of a match. In the demo, all users like each other; a user who ends a match takes their like back.
 */
export function mountDemoMatches(router: Router, deps: MatchDeps): void {
  router.get(PATH, async (request, response) => {
    const work = async ({ userId: caller }: Principal): Promise<{ matches: Match[] }> => {
      await deps.giveExamples();
      return { matches: await listMatches(deps, caller) };
    };
    await reply(deps, { request, response }, { bucket: 'read', work });
  });
  router.post(PATH, async (request, response) => {
    const work = ({ userId: caller }: Principal): Promise<object> => like(deps, caller, request.body);
    await reply(deps, { request, response }, { bucket: 'open', work });
  });
}

async function listMatches({ conversations }: MatchDeps, caller: UserId): Promise<Match[]> {
  const views = await conversations.listDirect(caller, DEMO_USER_IDS);
  return views
    .flatMap((view) => matchOf(view, caller) ?? [])
    .sort((one, other) => other.at.localeCompare(one.at));
}

function matchOf({ _id, occasions, participants }: ConversationView, caller: UserId): Match | undefined {
  const occasion = occasions.find(({ kind, id }) => kind === MATCH_OCCASION.kind && id === MATCH_OCCASION.id);
  const other = participants.find((one) => one !== caller);
  return occasion && other && { userId: other, conversationId: _id, at: occasion.at };
}

/**
 * Likes a user. It is a match when the other likes the caller, too.
 *
 * @returns `matched: false` when the other has ended the match, or has blocked the caller since.
 */
async function like({ conversations }: MatchDeps, caller: UserId, body: unknown): Promise<object> {
  const parsed = matchInput.safeParse(body);
  if (!parsed.success) throw toInputError(parsed.error);
  const other = parsed.data.userId;
  if (!DEMO_USER_IDS.includes(other)) throw new AppError('NOT_FOUND', 'There is no such user in the demo.');
  try {
    // Without the rights of a backend: those would also open what the other user has closed.
    const { conversation } = await conversations.getOrCreateDirect(caller, other, {
      occasion: MATCH_OCCASION,
    });
    return { matched: true, conversationId: conversation._id };
  } catch (error) {
    if (error instanceof AppError && error.code === 'BLOCKED') return { matched: false };
    throw error;
  }
}

interface Work {
  bucket: BucketName;
  work: (principal: Principal) => Promise<object>;
}

async function reply(
  deps: MatchDeps,
  { request, response }: { request: Request; response: Response },
  { bucket, work }: Work,
): Promise<void> {
  const answer = await answerCall(deps, request, { name: 'demo', bucket, work });
  send(response, answer.success ? 200 : ERRORS[answer.code].status, answer);
}
