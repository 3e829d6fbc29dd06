await (await import('./lib/runData.mjs')).runData('verify-message-user-integrity');
