await (await import('./lib/runData.mjs')).runData('backfill-words');
