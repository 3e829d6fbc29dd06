import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.js';
import { guardDrops } from './dropGuard.js';

/** The service worker loads every file of the app: not while a first visit waits for its first list. */
const REGISTER_AFTER_MS = 2_000;

// The app starts from the cache, also without a network. In a private window of some browsers there are no service workers.
if ('serviceWorker' in navigator)
  setTimeout(() => void navigator.serviceWorker.register('sw.js').catch(() => undefined), REGISTER_AFTER_MS);

guardDrops();

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element to draw in.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
