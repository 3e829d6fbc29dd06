await (await import('./lib/runData.mjs')).runData('check-duplicates');
