import { setAttribute } from './dom.js';

const KEY = 'parley.theme';
const THEMES = /** @type {const} */ (['auto', 'light', 'dark']);

/**
 * The button that goes from the system's look to light to dark.
 *
 * @param {HTMLButtonElement} button
 */
export function mountTheme(button) {
  const root = document.documentElement;

  function label() {
    const theme = root.dataset.theme ?? 'auto';
    const text = `Colours: ${theme === 'auto' ? 'as the system' : theme}`;
    setAttribute(button, 'aria-label', text);
    setAttribute(button, 'title', text);
  }

  button.addEventListener('click', () => {
    const index = THEMES.findIndex((theme) => theme === (root.dataset.theme ?? 'auto'));
    const theme = THEMES[(index + 1) % THEMES.length];
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme === 'auto' ? '' : theme);
    } catch {
      // Only for this visit, then.
    }
    label();
  });
  label();
}
