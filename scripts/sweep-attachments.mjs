await (await import('./lib/runData.mjs')).runData('sweep-attachments');
