import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { nl } from './nl.js';
import type { Language, Texts } from './types.js';

/**
 * All built-in texts by language, at once: `import { TEXTS } from '@parley/react-native/texts'`. `ParleyUI` loads only the language
 * that is shown.
 */
export const TEXTS: Readonly<Record<Language, Texts>> = { en, de, es, nl, ar };
