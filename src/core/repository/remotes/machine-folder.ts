import os from 'node:os';
import path from 'node:path';
import { mkdirDurable } from '../../fs/durable.ts';

/**
 * A private folder (0700) of this user on this machine: `state` for what must stay, `cache` for what can be had again. Null for a user without a home, or
 * where it cannot be made.
 */
export function machineFolder(kind: 'state' | 'cache'): string | null {
  const { env, platform } = process;
  try {
    const home = os.homedir();
    if (!path.isAbsolute(home)) return null;
    let base = kind === 'state' ? env['XDG_STATE_HOME'] : env['XDG_CACHE_HOME'];
    if (platform === 'win32') base = env['LOCALAPPDATA'];
    else if (platform === 'darwin')
      base = path.join(home, 'Library', kind === 'state' ? 'Application Support' : 'Caches');
    const usual = kind === 'state' ? path.join(home, '.local', 'state') : path.join(home, '.cache');
    const folder = path.join(base !== undefined && path.isAbsolute(base) ? base : usual, 'migbackup');
    mkdirDurable(folder, 0o700);
    return folder;
  } catch {
    return null;
  }
}
