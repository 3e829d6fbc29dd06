/** On phones, only browsers enlarge or reload what a finger moves. */
export const isEnlarged = (): boolean => false;

export const holdPage = (): void => undefined;
