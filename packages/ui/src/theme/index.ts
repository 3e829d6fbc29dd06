export { contrastOf, luminanceOf, mix, readableOn } from './contrast.js';
export { createTheme, darkTheme, lightTheme, type Theme, type ThemeOptions } from './createTheme.js';
export { type Colors, type Sizes } from './tokens.js';
