/** Runs one slow step with a line of progress: what it is, and how long it took. */
export async function step(what, work) {
  const startedMs = performance.now();
  process.stderr.write(`› ${what} …\n`);
  const result = await work();
  process.stderr.write(`  done in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
  return result;
}

/** Ends the process with a sentence, for what a person has to mend. */
export function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
