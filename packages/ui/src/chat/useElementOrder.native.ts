/** On phones, screen readers go by position. */
export const useElementOrder = (_list: object, _items: readonly unknown[]): void => undefined;
