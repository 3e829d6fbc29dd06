let standIn: Element | undefined;

/** Notes the element that has the focus for want of a better one; undefined when the user has moved the focus. */
export function noteStandIn(element: Element | undefined): void {
  standIn = element;
}

/** True while the focus may be moved: nothing has it, or an element that the user has not chosen. Always false on phones. */
export function isFocusFree(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || activeElement === standIn;
}
