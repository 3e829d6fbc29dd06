const NAMES = ['PATH', 'NODE_COMPILE_CACHE'] as const;

/**
 * The part of the machine's environment that programs of tests get: where programs are, and where Node keeps compiled
 * code. Other variables of the machine could change a test.
 */
export function machineEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of NAMES) {
    const value: string | undefined = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
