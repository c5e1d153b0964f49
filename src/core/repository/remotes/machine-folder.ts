import os from 'node:os';
import path from 'node:path';
import { mkdirDurable } from '../../fs/durable.ts';

type Kind = 'state' | 'cache' | 'config';

const VARIABLES = { state: 'XDG_STATE_HOME', cache: 'XDG_CACHE_HOME', config: 'XDG_CONFIG_HOME' } as const;
const USUAL = { state: ['.local', 'state'], cache: ['.cache'], config: ['.config'] } as const;

/**
 * A private folder (0700) of this user on this machine: `state` for what must stay, `cache` for what can be had again, `config` for what belongs to the user. Null for a user without a home, or
 * where it cannot be made.
 */
export function machineFolder(kind: Kind): string | null {
  const { env, platform } = process;
  try {
    const home = os.homedir();
    if (!path.isAbsolute(home)) return null;
    let base = env[VARIABLES[kind]];
    if (platform === 'win32') base = env['LOCALAPPDATA'];
    else if (platform === 'darwin')
      base = path.join(home, 'Library', kind === 'cache' ? 'Caches' : 'Application Support');
    const usual = path.join(home, ...USUAL[kind]);
    const folder = path.join(base !== undefined && path.isAbsolute(base) ? base : usual, 'migbackup');
    mkdirDurable(folder, 0o700);
    return folder;
  } catch {
    return null;
  }
}
