/** Runs a slow step and prints its name and duration. */
export async function step(what, work) {
  const startedMs = performance.now();
  process.stderr.write(`› ${what} …\n`);
  const result = await work();
  process.stderr.write(`  done in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
  return result;
}

/** Ends the process with a sentence that tells the operator what to fix. */
export function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
