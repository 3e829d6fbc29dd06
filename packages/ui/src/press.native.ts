/** On phones a touch stays with the element on which it began, wherever that moves. */
export const isPressed = (): boolean => false;

export const onPressed = (_listener: () => void) => (): void => undefined;
