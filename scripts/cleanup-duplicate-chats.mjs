await (await import('./lib/runData.mjs')).runData('cleanup-duplicate-chats');
