/** Whether the answer to this command line has to be JSON, also if it is an error. This works on flags that are not parsed yet, or cannot be. */
export function wantsJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.includes('--json') || ['1', 'true', 'yes', 'y'].includes((env['MIGBACKUP_JSON'] ?? '').toLowerCase());
}
