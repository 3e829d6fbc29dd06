import { useCallback, useEffect, useState } from 'react';
import type { View } from 'react-native';
import { noteStandIn } from './freeFocus.js';
import type { Place } from './keepFocus.js';

/** Elements that opened a layer, the last one first. Those of a menu are gone when the dialog closes that it led to. */
type Openers = readonly Place[];

const openersOf = new WeakMap<Element, Openers>();

/**
 * Gives the focus back when a layer closes: to the element that opened it, or to the one that opened the menu before; when these
 * are gone, to something near them. `Modal` of react-native-web notes the focus later, when a field of the dialog has taken it
 * already.
 *
 * @returns the ref of an element inside of the layer
 */
export function useReturnedFocus(): (layer: View | null) => void {
  const [openers] = useState(findOpeners);
  useEffect(() => () => returnTo(openers), [openers]);
  return useCallback(
    (layer) => {
      const modal = modalAround(layer as unknown as HTMLElement | null);
      if (modal !== undefined) openersOf.set(modal, openers);
    },
    [openers],
  );
}

function returnTo(openers: Openers): void {
  if (openers.length === 0) return;
  openers.find(({ element }) => element.isConnected)?.element.focus();
  // Loaded afterwards: no part of the first visit. Without a connection, only the place of a removed element is lost.
  void import('./keepFocus.js')
    .then(({ keepFocus }) => keepFocus(openers, noteStandIn))
    .catch(() => undefined);
}

function findOpeners(): Openers {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || focused === document.body) return [];
  const modal = modalAround(focused);
  return [
    { element: focused, around: ancestorsOf(focused) },
    ...(modal === undefined ? [] : (openersOf.get(modal) ?? [])),
  ];
}

function ancestorsOf(element: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let one = element.parentElement; one !== null && one !== document.body; one = one.parentElement)
    found.push(one);
  return found;
}

const modalAround = (element: Element | null): Element | undefined =>
  element?.closest('[aria-modal]') ?? undefined;
