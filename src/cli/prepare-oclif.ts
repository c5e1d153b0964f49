import os from 'node:os';

/** Has to run before oclif is loaded: oclif reads some of these variables as it loads, and without them it searches the disk for what the program contains. */
export function prepareOclif(): void {
  process.env['OCLIF_DISABLE_RC'] = '1';
  process.env['OCLIF_DISABLE_ENGINE_WARNING'] = '1';
  process.env['MIGBACKUP_DISABLE_THEME'] ??= '1';
  // Without SHELL oclif spawns PowerShell at every start on Windows, and elsewhere asks who the user is.
  if (process.platform === 'win32') process.env['SHELL'] ??= 'cmd.exe';
  else if (process.env['SHELL'] === undefined && fails(os.userInfo)) process.env['SHELL'] = '/bin/sh';
  // In a container a user without a name has no home either, and then oclif fails. Docker gives such a user this home.
  if (fails(os.homedir)) process.env['HOME'] = '/';
}

function fails(question: () => unknown): boolean {
  try {
    question();
    return false;
  } catch {
    return true;
  }
}
