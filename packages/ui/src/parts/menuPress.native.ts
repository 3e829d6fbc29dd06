import type { PressableProps } from 'react-native';
import { anchorOf, type Anchor } from './Menu.js';

/** Returns the properties of an element that has a menu: on phones, a long press opens it. */
export const menuPress = (onMenu: (anchor: Anchor) => void): Pick<PressableProps, 'onLongPress'> => ({
  onLongPress: (event) => onMenu(anchorOf(event)),
});
