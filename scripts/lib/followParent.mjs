import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const LOOK_MS = 300;
const SHELLS = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh', 'ksh']);

/**
 * Ends this process together with npm. npm runs a script through a shell, and neither a signal to npm nor its death
 * reaches the programs of that shell: the server of `npm start` would keep running and occupy its port. Programs that
 * were not started by npm are not affected: `node scripts/start.mjs &` and supervised processes may outlive their
 * parent.
 */
export function followParent() {
  if (!isRunByNpm()) return;
  const before = lineage();
  const timer = setInterval(() => {
    if (lineage() === before) return;
    clearInterval(timer);
    // Acts as if the signal had been forwarded, so that a graceful shutdown takes place.
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  timer.unref();
}

/**
 * True when an npm script runs this program in the foreground.
 * False for background programs (`&`, `nohup`, `setsid`) and for programs that the script does not name.
 */
function isRunByNpm() {
  const script = process.env.npm_lifecycle_script ?? '';
  return script.includes(basename(process.argv[1] ?? '')) && !/&\s*$|\b(?:nohup|setsid)\b/.test(script);
}

/**
 * Returns the parent processes up to npm; orphans get a new parent. npm's own parent is ignored: a terminal may be
 * closed.
 */
function lineage() {
  const { ppid } = process;
  const parent = readProcess(ppid);
  return SHELLS.has(parent?.name) ? `${ppid} ${parent.ppid}` : String(ppid);
}

/** Undefined without `/proc`: then only the direct parent is compared. */
function readProcess(pid) {
  try {
    // `12 (sh) S 11 …`: the name may hold spaces and brackets.
    const [, name, rest] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, ppid: rest };
  } catch {
    return undefined;
  }
}
