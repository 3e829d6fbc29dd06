/** The used part of `react-native-svg`, which is installed by apps for phones only. */
declare module 'react-native-svg' {
  // Files that declare ambient modules cannot have imports.
  /* eslint-disable @typescript-eslint/consistent-type-imports */
  type Node = import('react').ReactNode;
  export function Svg(props: {
    accessible?: boolean;
    width: number;
    height: number;
    viewBox: string;
    style?: { transform: { scaleX: number }[] } | undefined;
    children?: Node;
  }): Node;
  export function Path(props: {
    d: string;
    fill: string;
    stroke: string;
    strokeWidth: number;
    strokeLinecap: 'round';
    strokeLinejoin: 'round';
  }): Node;
}
