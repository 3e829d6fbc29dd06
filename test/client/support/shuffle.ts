/** Shuffles by a seed (a linear congruential generator is good enough for that). */
export function shuffle<One>(from: readonly One[], seed: number): One[] {
  const left = [...from];
  let state = seed >>> 0;
  const shuffled: One[] = [];
  while (left.length > 0) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    shuffled.push(...left.splice(state % left.length, 1));
  }
  return shuffled;
}
