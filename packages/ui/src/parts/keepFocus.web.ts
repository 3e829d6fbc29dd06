/** An element that had the focus. */
export interface Place {
  element: HTMLElement;
  /** Its ancestors at that time, the nearest one first, without the body. */
  around: readonly HTMLElement[];
}

/** Without links: the next press of a key would lead out of the page. */
const FOCUSABLE = ['[tabindex="0"]', 'button', 'input', 'textarea']
  .map((one) => `${one}:not(a, :disabled, [tabindex="-1"], [aria-hidden=true] *)`)
  .join();

let stop: (() => void) | undefined;
/** While the focus is moved here. */
let isTaking = false;

/**
 * Focuses something near the places when the one that has the focus is taken out of the document: many dialogs close before what
 * they decided happens, as the deletion of the message that opened them. Ends when the user, or something else, moves the focus.
 *
 * @param noteStandIn is called with the focused element, and with undefined at the end; not imported: this file is loaded alone
 */
export function keepFocus(
  places: readonly Place[],
  noteStandIn: (element: Element | undefined) => void,
): void {
  stop?.();
  let kept = places.find(({ element }) => element === document.activeElement)?.element;
  if (kept === undefined && !isLost()) return;
  const check = (): void => {
    if (kept?.isConnected === true || !isLost()) return;
    kept = focusNear(places);
    noteStandIn(kept);
  };
  const observer = new MutationObserver(check);
  const end = ({ type, target }: Event): void => {
    if (type === 'pointerdown' || (target !== kept && !isTaking)) stop?.();
  };
  stop = () => {
    observer.disconnect();
    noteStandIn(undefined);
    for (const type of ['focusin', 'pointerdown']) removeEventListener(type, end, { capture: true });
    stop = undefined;
  };
  for (const type of ['focusin', 'pointerdown']) addEventListener(type, end, { capture: true });
  observer.observe(document.body, { childList: true, subtree: true });
  check();
}

const isLost = (): boolean => document.activeElement === null || document.activeElement === document.body;

/** Prefers what was around a place, as the list of messages, to what is beside it. */
function focusNear(places: readonly Place[]): HTMLElement | undefined {
  const around = places.flatMap((place) => place.around).filter(({ isConnected }) => isConnected);
  isTaking = true;
  const found =
    around.find((one) => one.tabIndex >= 0 && takesFocus(one)) ??
    around.flatMap((one) => [...one.querySelectorAll<HTMLElement>(FOCUSABLE)]).find(takesFocus);
  isTaking = false;
  return found;
}

function takesFocus(element: HTMLElement): boolean {
  element.focus();
  return document.activeElement === element;
}
