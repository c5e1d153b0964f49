/** The npm scripts that init adds. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  'backup:create': 'migbackup create',
  'backup:verify': 'migbackup verify',
  'backup:verify:latest': 'migbackup verify --latest',
  'backup:restore': 'migbackup restore',
  'backup:validate': 'migbackup validate',
};
