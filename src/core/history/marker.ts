import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, mkdirDurable, writeFileDurable } from '../fs/durable.ts';
import { isForbidden } from '../paths/barred.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { readRegular } from '../fs/regular-file.ts';
import { tidy, type LeftOver } from '../fs/left-over.ts';
import { removeDeadTemporaries } from '../fs/temporary-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { acquireLock, type Lock } from '../repository/lock.ts';
import { stateForbidden } from '../transaction/state-folder.ts';
import { markerSchema, type Marker } from './marker-schema.ts';

/** The limit for a command line is far lower. */
const MAX_BYTES = 16 << 20;

export const guardFolder = (root: string): string => path.join(root, STATE_FOLDER, 'guard');
const markerFile = (root: string): string => path.join(guardFolder(root), 'running.json');

/** Reserves room for the way back. It exists only beside a marker. */
export const ballastFile = (root: string): string => path.join(guardFolder(root), 'ballast');

/** Frees the reserved room. If the file cannot be removed, it stays beside the marker, which is then reported; it must not stop a way back. */
export function dropBallast(root: string): void {
  try {
    fs.rmSync(ballastFile(root), { force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Takes the lock that is held while a command is guarded. Throws LOCKED if another guard is at work in this project. */
export function lockGuard(root: string): Lock {
  const folder = guardFolder(root);
  mkdirDurable(folder, 0o700);
  return acquireLock(folder, 'guard');
}

/** Records durably that a command is about to run. The caller holds the guard's lock. */
export function writeMarker(root: string, marker: Marker): void {
  writeFileDurable(markerFile(root), `${JSON.stringify(marker)}\n`);
}

/** Keeps the marker of a guard whose way back failed. Never throws: if it cannot be written, the marker stays as if the guard had been killed. */
export function markFailed(root: string, marker: Marker): void {
  try {
    writeMarker(root, { ...marker, failed: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Removes a half-written marker of a killed guard, and a half-written id of the project. */
export function cleanMarkers(root: string, left: LeftOver[]): string[] {
  const removed: string[] = [];
  for (const folder of [guardFolder(root), path.join(root, STATE_FOLDER)])
    tidy(folder, 'unseen', left, () => removed.push(...removeDeadTemporaries(folder)));
  return removed;
}

/** Does nothing if a guarded command removed our whole folder, as `git clean -fdx` does. */
export function removeMarker(root: string): void {
  if (lstatOrNull(guardFolder(root)) === null) return;
  fs.rmSync(markerFile(root), { force: true });
  dropBallast(root);
  fsyncDir(guardFolder(root));
}

/** Removes the marker after the guard has done everything else. If the marker cannot be removed, the result is a finding. */
export function dropMarker(root: string): Finding[] {
  try {
    removeMarker(root);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      {
        code: 'marker-kept',
        severity: 'warning',
        message: `the marker that says that a command is being guarded could not be removed: ${why}`,
        path: markerFile(root),
        recommendation: `Remove ${markerFile(root)}. Otherwise the next command reports that this guard was killed.`,
      },
    ];
  }
}

/** The same for commands that only look. If this user may not read another user's marker, it counts as missing. */
export function visibleGuard(root: string): Marker | null {
  try {
    return interruptedGuard(root);
  } catch (error) {
    if (isForbidden(error) || (error instanceof BackupError && isForbidden(error.cause))) return null;
    throw error;
  }
}

/** The command that a killed guard left behind; null if there is none, or if the guard is still at work. Throws IO if this user may not look. */
export function interruptedGuard(root: string): Marker | null {
  let marker: Marker | null;
  try {
    marker = readMarker(root);
  } catch (error) {
    throw stateForbidden(error, markerFile(root));
  }
  if (marker === null) return null;
  try {
    lockGuard(root).release();
    return marker;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'LOCKED') return null;
    throw error;
  }
}

/** The backup that a guarded command relies on, whether its guard is still running or not. */
export function guardedBackup(root: string): string | null {
  return readMarker(root)?.backupId ?? null;
}

export function readMarker(root: string): Marker | null {
  try {
    const text = readRegular(markerFile(root), MAX_BYTES).toString('utf8');
    const parsed = markerSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    // Only a missing file, or one that is not a marker, may be ignored: a command and its backup depend on this.
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
