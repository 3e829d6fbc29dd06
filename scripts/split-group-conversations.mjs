await (await import('./lib/runData.mjs')).runData('split-group-conversations');
