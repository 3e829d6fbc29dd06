import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { clearNotifications, openConversation, readPush, showNotification } from './notifications.js';

declare const self: ServiceWorkerGlobalScope;
/** Files of the build, put here by `vite.config.mjs`. */
declare const BUILT_FILES: { url: string; revision: string | null }[];

/** Paths that the app answers: its own address. Documents of the server (`/docs/`) and its API are no part of it. */
const OWN_PATH = /^\/(?:index\.html)?(?:\?|$)/;

// The app starts from the cache, with or without a network, and a new version takes over at the next start.
precacheAndRoute(BUILT_FILES);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL('index.html'), { allowlist: [OWN_PATH] }));

self.addEventListener('push', (event) => {
  const push = readPush(event.data);
  if (push === undefined) return;
  event.waitUntil(push.type === 'message' ? showNotification(push) : clearNotifications(push.tag));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openConversation(event.notification.data));
});
