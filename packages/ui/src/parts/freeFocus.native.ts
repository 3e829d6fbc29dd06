/** Phones move no focus: nothing of theirs is reached by keys. */
export const isFocusFree = (): boolean => false;
