import type { ReactNode } from 'react';
import { Path, Svg as NativeSvg } from 'react-native-svg';
import type { SvgProps } from './svgProps.js';

/** Draws one path. */
export const Svg = ({ path, box, size, color, isFilled, isMirrored }: SvgProps): ReactNode => (
  <NativeSvg
    accessible={false}
    width={size}
    height={size}
    viewBox={`0 0 ${box} ${box}`}
    style={isMirrored ? { transform: [{ scaleX: -1 }] } : undefined}
  >
    <Path
      d={path}
      fill={isFilled ? color : 'none'}
      stroke={isFilled ? 'none' : color}
      strokeWidth={box === 16 ? 1.4 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </NativeSvg>
);
