import { escapeName } from '../paths/names.ts';
import type { Marker } from './marker-schema.ts';
import { survivors } from './survivors.ts';

/** What is said of a guard that was killed; `migbackup list` says the same before anybody settles it. */
export function describeInterruptedGuard({ command, startedAt, token }: Marker): string {
  const pids = survivors(token);
  const running = pids.length === 0 ? '' : ` and still runs (pid ${pids.join(', ')}): stop it first`;
  return (
    `migbackup was killed while it guarded "${command.map(escapeName).join(' ')}", which began ${startedAt}${running}. ` +
    'The project is as that left it'
  );
}

/** What to do about it. */
export function wayBackOf({ backupId }: Marker): string {
  return `migbackup undo brings ${backupId} back`;
}
