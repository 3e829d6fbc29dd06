import type { LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { MessageListItem } from '@parley/react';
import type { MessageListProps } from './MessageList.js';

/** Distance in pixels from the end at which the list counts as being there. */
const END_PX = 80;
/**
 * Where the list follows, it goes on to this distance in pixels: else the last message is cut off, and not read. Who scrolls
 * back by more is not pulled to the end again.
 */
const EXACT_PX = 2;
/** The list has placed new rows after this time, in ms. */
const SETTLE_MS = 100;
/** On a slow device it moves them, and itself, for this long, in ms. */
const MOVES_MS = 2_000;
/** After a press, a key or the wheel, movements are the user's for this long, in ms. */
const BY_USER_MS = 1_000;

export interface FollowingInput extends Pick<MessageListProps, 'target' | 'onReachedTarget'> {
  list: React.RefObject<LegendListRef | null>;
  items: readonly MessageListItem[];
}

/**
 * Knows whether the end is shown, and keeps it shown until the user scrolls back. Legend List does so by itself while what is
 * new is small; many messages at once leave it behind.
 */
export function useFollowing({ list, items, target, onReachedTarget }: FollowingInput) {
  const { isAtEnd, isNear, noteDistance } = useDistance(list);
  const isFollowing = useRef(!items.some(({ kind }) => kind === 'unread'));
  const lastKey = useRef(items.at(-1)?.key);
  const { jump, onReached } = useJumping({ target, onReachedTarget, isFollowing });
  const before = useRef({ scroll: 0, contentLength: 0 });
  const times = useRef({ items: -Infinity, user: -Infinity });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const catchUp = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      // Rows grow without scrolling, too.
      if (!isFollowing.current) noteDistance();
      else if (distanceFromEnd(list.current) > EXACT_PX) void list.current?.scrollToEnd({ animated: false });
    }, SETTLE_MS);
  }, [list, noteDistance]);
  const measure = useCallback(() => {
    const state = list.current?.getState();
    if (state === undefined) return;
    const { scroll, contentLength } = state;
    // Rows that turn out smaller than estimated move the list, too, but they change the length of its content.
    const isBack = scroll < before.current.scroll && contentLength === before.current.contentLength;
    const now = performance.now();
    const isMoving = now - times.current.items < MOVES_MS && now - times.current.user > BY_USER_MS;
    before.current = { scroll, contentLength };
    const distance = noteDistance();
    if (distance <= EXACT_PX && jump.current === undefined) isFollowing.current = true;
    else if (isBack && !isMoving) isFollowing.current = false;
    if (distance > EXACT_PX && isFollowing.current) catchUp();
  }, [list, jump, catchUp, noteDistance]);
  useEffect(() => {
    times.current.items = performance.now();
    const key = items.at(-1)?.key;
    // A new message just below what is shown would be cut off. A reaction or a tick leaves the list where it is.
    if (key !== lastKey.current && isNear.current && jump.current === undefined) isFollowing.current = true;
    lastKey.current = key;
    catchUp();
  }, [catchUp, jump, isNear, items]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const noteUser = useCallback(() => {
    times.current.user = performance.now();
  }, []);
  return { isAtEnd, measure, onReached, noteUser };
}

interface JumpingInput extends Pick<FollowingInput, 'target' | 'onReachedTarget'> {
  isFollowing: React.RefObject<boolean>;
}

/** Ends the following where a jump to a message begins. @returns the target until it is reached */
function useJumping({ target, onReachedTarget, isFollowing }: JumpingInput) {
  const jump = useRef<object>(undefined);
  useEffect(() => {
    jump.current = target;
    if (target !== undefined) isFollowing.current = false;
  }, [target, isFollowing]);
  const onReached = useCallback(
    (seq: number) => {
      jump.current = undefined;
      onReachedTarget(seq);
    },
    [onReachedTarget],
  );
  return { jump, onReached };
}

/** Says whether the end is near: `isAtEnd` for what is drawn, `isNear` at once. */
function useDistance(list: FollowingInput['list']) {
  const [isAtEnd, setAtEnd] = useState(true);
  const isNear = useRef(false);
  const noteDistance = useCallback(() => {
    const distance = distanceFromEnd(list.current);
    isNear.current = distance < END_PX;
    setAtEnd(isNear.current);
    return distance;
  }, [list]);
  return { isAtEnd, isNear, noteDistance };
}

function distanceFromEnd(list: LegendListRef | null): number {
  const { contentLength = 0, scroll = 0, scrollLength = 0 } = list?.getState() ?? {};
  return contentLength - scroll - scrollLength;
}
