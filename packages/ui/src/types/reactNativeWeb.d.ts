/** Props and styles of react-native-web that the types of React Native do not name. Phones ignore them. */
import 'react-native';

interface WebKeyEvent {
  key: string;
  shiftKey: boolean;
  isComposing?: boolean;
  target: unknown;
  currentTarget: unknown;
  preventDefault: () => void;
  stopPropagation: () => void;
}

declare module 'react-native' {
  interface ViewProps {
    dir?: 'ltr' | 'rtl' | undefined;
    lang?: string | undefined;
    'aria-current'?: 'page' | undefined;
    'aria-pressed'?: boolean | undefined;
    tabIndex?: 0 | -1 | undefined;
    onKeyDown?: ((event: WebKeyEvent) => void) | undefined;
    onContextMenu?:
      ((event: { pageX: number; pageY: number; preventDefault: () => void }) => void) | undefined;
    onPointerDown?: (() => void) | undefined;
    onPointerEnter?: (() => void) | undefined;
    onWheel?: (() => void) | undefined;
    onPointerLeave?: (() => void) | undefined;
  }
  interface TextProps {
    dir?: 'auto' | 'ltr' | 'rtl' | undefined;
    lang?: string | undefined;
    href?: string | undefined;
    hrefAttrs?: { target?: string; rel?: string } | undefined;
    'aria-level'?: number | undefined;
  }
  interface TextInputProps {
    dir?: 'auto' | 'ltr' | 'rtl' | undefined;
    rows?: number | undefined;
    'aria-invalid'?: boolean | undefined;
  }
  interface ViewStyle {
    boxShadow?: string | undefined;
  }
  interface TextStyle {
    wordBreak?: 'break-word' | undefined;
  }
  interface PressableStateCallbackType {
    readonly hovered?: boolean;
    readonly focused?: boolean;
  }
}
