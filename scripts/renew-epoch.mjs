await (await import('./lib/runData.mjs')).runData('renew-epoch');
