await (await import('./lib/runData.mjs')).runData('place-messages');
