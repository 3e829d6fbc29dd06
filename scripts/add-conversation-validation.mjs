await (await import('./lib/runData.mjs')).runData('add-conversation-validation');
