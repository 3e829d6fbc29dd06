import { useCallback, useRef, type ReactNode } from 'react';
import {
  Pressable,
  ScrollView,
  StyleSheet,
  useWindowDimensions,
  View,
  type GestureResponderEvent,
} from 'react-native';
import { useStyles, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';
import { Overlay, WIDE } from './Dialog.js';
import { INNER_OUTLINE } from './Fields.js';
import { Icon } from './Icon.js';
import type { IconName } from './icons.js';
import { labelDialog } from './labelDialog.js';
import { Text } from './Text.js';

export interface MenuItem {
  label: string;
  icon: IconName;
  isDanger?: boolean | undefined;
  run: () => void;
}

/** Position in the window, in pixels. */
export interface Anchor {
  x: number;
  y: number;
}

/** An element of a browser. */
interface Drawn {
  getBoundingClientRect: () => { left: number; right: number; bottom: number };
}

const isDrawn = (target: unknown): target is Drawn =>
  typeof target === 'object' && target !== null && 'getBoundingClientRect' in target;

/** Returns the position of a press, for a menu that opens there. A press by keyboard has none: that of its element is taken. */
export function anchorOf({ nativeEvent, currentTarget }: GestureResponderEvent): Anchor {
  const { pageX: x, pageY: y } = nativeEvent;
  const target: unknown = currentTarget;
  if (x > 0 || y > 0 || !isDrawn(target)) return { x, y };
  const { left, right, bottom } = target.getBoundingClientRect();
  return { x: (left + right) / 2, y: bottom };
}

export interface MenuProps {
  label: string;
  items: readonly MenuItem[];
  onClose: () => void;
  /** Used where the window is wide; elsewhere the menu rises from the bottom edge. */
  anchor?: Anchor | undefined;
  /** Above the items, for example reactions. */
  header?: ReactNode;
}

const WIDTH = 250;
const ITEM_HEIGHT = 44;
const HEADER_HEIGHT = 60;
const EDGE = 8;
const BORDER = 1;

/** A list of actions. Arrow keys move between them. */
export function Menu({ label, items, onClose, anchor, header }: MenuProps): ReactNode {
  const styles = useStyles(createStyles);
  const { direction } = useUI();
  const { width, height } = useWindowDimensions();
  const isWide = width >= WIDE && anchor !== undefined;
  const buttons = useRef<(View | null)[]>([]);
  const name = useCallback((inner: View | null) => labelDialog(inner, label), [label]);
  const tall = items.length * ITEM_HEIGHT + (header === undefined ? 0 : HEADER_HEIGHT) + 2 * (EDGE + BORDER);
  const left = anchor === undefined ? 0 : direction === 'rtl' ? anchor.x - WIDTH : anchor.x;
  const place = isWide && {
    left: Math.max(EDGE, Math.min(left, width - WIDTH - EDGE)),
    top: Math.max(EDGE, Math.min(anchor.y, height - tall - EDGE)),
    maxHeight: height - 2 * EDGE,
  };
  const move = (from: number, by: number): void =>
    buttons.current[(from + by + items.length) % items.length]?.focus();
  return (
    <Overlay onClose={onClose} isWide={false} isDim={!isWide}>
      <View ref={name} style={[styles.sheet, isWide && styles.floating, place]}>
        <ScrollView style={styles.scroll} keyboardShouldPersistTaps="handled">
          {header}
          <View role="menu" aria-label={label}>
            {items.map((item, index) => (
              <Item
                key={item.label}
                item={item}
                onClose={onClose}
                onMove={(by) => move(index, by)}
                setRef={(view) => (buttons.current[index] = view)}
              />
            ))}
          </View>
        </ScrollView>
      </View>
    </Overlay>
  );
}

interface ItemProps {
  item: MenuItem;
  onClose: () => void;
  onMove: (by: number) => void;
  setRef: (view: View | null) => void;
}

function Item({ item, onClose, onMove, setRef }: ItemProps): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  const color = item.isDanger === true ? colors.danger : colors.text;
  return (
    <Pressable
      ref={setRef}
      role="menuitem"
      onPress={() => {
        onClose();
        item.run();
      }}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        onMove(by);
      }}
      style={({ pressed, hovered }) => [
        styles.item,
        INNER_OUTLINE,
        (pressed || hovered === true) && styles.hover,
      ]}
    >
      <Icon name={item.icon} color={color} size={20} />
      <Text style={{ color }}>{item.label}</Text>
    </Pressable>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    sheet: {
      maxHeight: '92%',
      backgroundColor: colors.surface,
      borderTopStartRadius: 22,
      borderTopEndRadius: 22,
      paddingTop: 10,
      paddingBottom: 18,
    },
    scroll: { flexGrow: 0, flexShrink: 1 },
    floating: {
      position: 'absolute',
      width: WIDTH,
      borderRadius: 14,
      paddingTop: EDGE,
      paddingBottom: EDGE,
      borderWidth: BORDER,
      borderColor: colors.line,
      boxShadow: '0 12px 36px rgba(10, 12, 30, 0.22)',
    },
    item: {
      minHeight: ITEM_HEIGHT,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 14,
      paddingHorizontal: 18,
    },
    hover: { backgroundColor: colors.surfaceHover },
  });
