/** Has to run before oclif is loaded: it asks some of these on the way in, and would search the disk for what is in here already. */
export function prepareOclif(): void {
  process.env['OCLIF_DISABLE_RC'] = '1';
  process.env['OCLIF_DISABLE_ENGINE_WARNING'] = '1';
  process.env['MIGBACKUP_DISABLE_THEME'] ??= '1';
  // Without SHELL oclif spawns PowerShell at every start on Windows.
  if (process.platform === 'win32') process.env['SHELL'] ??= 'cmd.exe';
}
