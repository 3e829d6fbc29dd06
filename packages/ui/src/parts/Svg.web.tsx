import type { ReactNode } from 'react';
import type { SvgProps } from './svgProps.js';

/** Draws one path. */
export const Svg = ({ path, box, size, color, isFilled, isMirrored }: SvgProps): ReactNode => (
  <svg
    aria-hidden="true"
    width={size}
    height={size}
    viewBox={`0 0 ${box} ${box}`}
    fill={isFilled ? color : 'none'}
    stroke={isFilled ? 'none' : color}
    strokeWidth={box === 16 ? 1.4 : 1.7}
    strokeLinecap="round"
    strokeLinejoin="round"
    style={{ flexShrink: 0, display: 'block', ...(isMirrored && { transform: 'scaleX(-1)' }) }}
  >
    <path d={path} />
  </svg>
);
