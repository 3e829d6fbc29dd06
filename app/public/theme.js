// Before the first paint: the theme that was chosen, or else that of the system (see src/preferences.ts). Not a module: those
// run after the page is shown.
try {
  const theme = globalThis.localStorage.getItem('parley.theme');
  if (theme === 'light' || theme === 'dark') globalThis.document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme it is.
}
