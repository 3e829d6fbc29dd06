await (await import('./lib/runData.mjs')).runData('harden');
