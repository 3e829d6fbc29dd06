await (await import('./lib/runData.mjs')).runData('archive-messages');
