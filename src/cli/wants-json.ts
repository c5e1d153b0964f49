/** Whether the answer to this command line, an error too, has to be JSON; asked before, and even if, the flags can be parsed. */
export function wantsJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.includes('--json') || ['1', 'true', 'yes', 'y'].includes((env['MIGBACKUP_JSON'] ?? '').toLowerCase());
}
