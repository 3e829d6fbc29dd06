import type { ReactNode } from 'react';
import { useUI } from '../context.js';
import { DIRECTED, shapeOf, type IconName } from './icons.js';
import { Svg } from './Svg.js';

export interface IconProps {
  name: IconName;
  size?: number | undefined;
  color?: string | undefined;
}

/** A drawing without a name for screen readers: the control around it has one. */
export function Icon({ name, size = 22, color }: IconProps): ReactNode {
  const { theme, direction } = useUI();
  const shape = shapeOf(name);
  return (
    <Svg
      path={shape.path}
      box={shape.box}
      isFilled={shape.isFilled}
      size={size}
      color={color ?? theme.colors.textSoft}
      isMirrored={direction === 'rtl' && DIRECTED.has(name)}
    />
  );
}
