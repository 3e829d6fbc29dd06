await (await import('./lib/runData.mjs')).runData('import-legacy');
