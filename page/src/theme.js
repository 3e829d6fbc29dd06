// Before the first paint: the look that was chosen, or else that of the system (see views/theme.js). Not a module, as
// those run after the page is shown.
try {
  const theme = localStorage.getItem('parley.theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's look it is.
}
