/** One path of an icon. */
export interface SvgProps {
  path: string;
  box: number;
  size: number;
  color: string;
  isFilled: boolean;
  isMirrored: boolean;
}
