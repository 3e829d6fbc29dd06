import type { PressableProps } from 'react-native';
import type { Anchor } from './Menu.js';

/** Time after which a touch is held: browsers that open menus by a touch need about as long. */
const HOLD_MS = 500;
/** Distance in pixels from which a touch scrolls or selects. */
const MOVED_PX = 10;
/** On Windows, `contextmenu` comes after the finger is up. */
const LATE_MS = 300;

type OnMenu = (anchor: Anchor) => void;

/** The touch that may open a menu, or has opened one. */
let hold: { open: OnMenu; stop: () => void } | undefined;

/**
 * Returns the properties of an element that has a menu: opened by the right button, or by a held touch. Safari on iPhones has no
 * `contextmenu`, so touches are measured here. Touches that open nothing are left to the browser: they scroll, and select text.
 */
export const menuPress = (onMenu: OnMenu): Pick<PressableProps, 'onContextMenu' | 'onTouchStart'> => ({
  onContextMenu: (event) => {
    event.preventDefault();
    (hold?.open ?? onMenu)({ x: event.pageX, y: event.pageY });
  },
  onTouchStart: ({ nativeEvent }) => {
    hold?.stop();
    // Events of react-native-web are those of the document.
    const { target, touches } = nativeEvent as unknown as TouchEvent;
    const [touch] = touches;
    if (touch !== undefined && touches.length === 1 && !isSelected(target)) startHold(touch, onMenu);
  },
});

const isSelected = (target: EventTarget | null): boolean => {
  const selection = getSelection();
  return selection?.isCollapsed === false && target instanceof Node && selection.containsNode(target, true);
};

function startHold({ target, pageX: x, pageY: y }: Touch, onMenu: OnMenu): void {
  const ending = new AbortController();
  let isOpened = false;
  const open = (anchor: Anchor): void => {
    clearTimeout(timer);
    if (isOpened) return;
    isOpened = true;
    // Safari selects the word under a held finger.
    getSelection()?.removeAllRanges();
    onMenu(anchor);
  };
  const timer = setTimeout(() => open({ x, y }), HOLD_MS);
  const stop = (): void => {
    clearTimeout(timer);
    ending.abort();
    if (hold === started) hold = undefined;
  };
  const on = (event: Event): void => {
    if (!isOpened) {
      const [touch] = event.type === 'touchmove' ? (event as TouchEvent).touches : [];
      const isMoved = touch === undefined || Math.hypot(touch.pageX - x, touch.pageY - y) > MOVED_PX;
      if (isMoved && event.type !== 'contextmenu') stop();
      return;
    }
    // The click of this touch would press what the menu has put under the finger; the browser's own menu would cover it.
    if (/end|contextmenu/.test(event.type) && event.cancelable) event.preventDefault();
    if (/end|cancel/.test(event.type)) setTimeout(stop, LATE_MS);
  };
  const started = (hold = { open, stop });
  const options = { signal: ending.signal, capture: true };
  // At the target: a touch stays with it, also when it is taken out of the document.
  for (const type of ['touchend', 'touchcancel', 'touchmove'])
    target.addEventListener(type, on, { ...options, passive: type === 'touchmove' });
  for (const type of ['scroll', 'touchstart', 'contextmenu']) addEventListener(type, on, options);
}
