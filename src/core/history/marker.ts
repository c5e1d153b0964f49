import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, mkdirDurable, writeFileDurable } from '../fs/durable.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { readRegular } from '../fs/regular-file.ts';
import { removeDeadTemporaries } from '../fs/temporary-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { acquireLock, type Lock } from '../repository/lock.ts';
import { markerSchema, type Marker } from './marker-schema.ts';

/** A command line has a limit far below. */
const MAX_BYTES = 16 << 20;

export const guardFolder = (root: string): string => path.join(root, STATE_FOLDER, 'guard');
const markerFile = (root: string): string => path.join(guardFolder(root), 'running.json');

/** Room for the way back; it is there only beside a marker. */
export const ballastFile = (root: string): string => path.join(guardFolder(root), 'ballast');

/** Gives that room back. Where it cannot be removed it stays beside the marker, which says so by itself: it must not stop a way back. */
export function dropBallast(root: string): void {
  try {
    fs.rmSync(ballastFile(root), { force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Held while a command is guarded. Throws LOCKED if another guard is at work in this project. */
export function lockGuard(root: string): Lock {
  const folder = guardFolder(root);
  mkdirDurable(folder, 0o700);
  return acquireLock(folder, 'guard');
}

/** Says durably that a command is about to run. The caller holds the guard's lock. */
export function writeMarker(root: string, marker: Marker): void {
  writeFileDurable(markerFile(root), `${JSON.stringify(marker)}\n`);
}

/** Removes a marker that a killed guard was writing, and an id of the project that a killed run was. */
export function cleanMarkers(root: string): string[] {
  return [guardFolder(root), path.join(root, STATE_FOLDER)].flatMap(removeDeadTemporaries);
}

/** Nothing to do where a guarded command took our whole folder away (`git clean -fdx` does). */
export function removeMarker(root: string): void {
  if (lstatOrNull(guardFolder(root)) === null) return;
  fs.rmSync(markerFile(root), { force: true });
  dropBallast(root);
  fsyncDir(guardFolder(root));
}

/** The same when the guard has done all else: that the marker stays is a finding then. */
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
        message: `the note that a command is being guarded could not be removed: ${why}`,
        path: markerFile(root),
        recommendation: `Remove ${markerFile(root)}: the next command takes this guard for one that was killed.`,
      },
    ];
  }
}

/** The same for whoever only looks: where another user's may not be read, there is none. */
export function visibleGuard(root: string): Marker | null {
  try {
    return interruptedGuard(root);
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return null;
    throw error;
  }
}

/** The command that a killed guard left behind; null if there is none, or if the guard is still at work. */
export function interruptedGuard(root: string): Marker | null {
  const marker = readMarker(root);
  if (marker === null) return null;
  try {
    lockGuard(root).release();
    return marker;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'LOCKED') return null;
    throw error;
  }
}

/** The backup that a guarded command relies on, whether its guard lives or not. */
export function guardedBackup(root: string): string | null {
  return readMarker(root)?.backupId ?? null;
}

export function readMarker(root: string): Marker | null {
  try {
    const text = readRegular(markerFile(root), MAX_BYTES).toString('utf8');
    const parsed = markerSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    // Only what is not there, or is none, may be passed over: a command and its backup hang on it.
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
