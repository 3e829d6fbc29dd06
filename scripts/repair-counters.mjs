await (await import('./lib/runData.mjs')).runData('repair-counters');
