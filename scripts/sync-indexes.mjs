await (await import('./lib/runData.mjs')).runData('sync-indexes');
