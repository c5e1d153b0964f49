import { escapeName } from '../paths/names.ts';
import type { Marker } from './marker-schema.ts';
import { survivors } from './survivors.ts';

/** Describes a guard that was killed, or whose way back failed and was not logged. `migbackup list` says the same until a command settles it. */
export function describeInterruptedGuard({ command, startedAt, token, failed }: Marker): string {
  const pids = survivors(token);
  const running = pids.length === 0 ? '' : ` and still runs (pid ${pids.join(', ')}): stop it first`;
  const named = `"${command.map(escapeName).join(' ')}", which began ${startedAt}${running}`;
  if (failed === true)
    return `the way back of the guarded command ${named}, failed. The project is not as it was before`;
  return `migbackup was killed while it guarded ${named}, or its records of the end were taken away. The project is as that command left it`;
}

/** What to do about it. */
export function wayBackOf({ backupId }: Marker): string {
  return `migbackup undo brings ${backupId} back`;
}
