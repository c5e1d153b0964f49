import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, removeTree, writeAll } from '../../fs/durable.ts';
import { realPathAsFar } from '../../paths/paths.ts';
import type { CheckResult } from '../../model/validate-report.ts';

export interface RoundTrip {
  readonly check: CheckResult;
  /** By how much the clock of the file system is ahead of ours, in milliseconds; null: nothing could be written. */
  readonly aheadMs: number | null;
}

/**
 * Does in the backups folder what create will do: write, fsync, rename, read back, remove. A folder that does not exist
 * yet is tried in its nearest existing parent, so that validating leaves nothing behind.
 */
export function checkRoundTrip(repository: string): RoundTrip {
  const nowhere = linkToNowhere(repository);
  if (nowhere !== null) return { check: cannotBeWritten(nowhere, 'it is a link that leads nowhere'), aheadMs: null };
  let dir = realPathAsFar(repository);
  while (!fs.existsSync(dir) && path.dirname(dir) !== dir) dir = path.dirname(dir);
  const temporary = path.join(dir, `.migbackup-probe-${process.pid}-${randomBytes(4).toString('hex')}`);
  const final = `${temporary}.renamed`;
  const content = randomBytes(8192);
  const started = performance.now();
  const before = Date.now();
  try {
    const fd = fs.openSync(temporary, 'wx', 0o600);
    try {
      writeAll(fd, content);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, final);
    fsyncDir(dir);
    const same = fs.readFileSync(final).equals(content);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    const check: CheckResult = {
      id: 'round-trip',
      group: 'repository',
      status: same ? 'ok' : 'critical',
      message: same ? 'wrote, synced, renamed and read back 8 KiB' : 'what was read back is not what was written',
      evidence: { folder: dir, ms },
      ...(same ? {} : { recommendation: 'Do not trust this disk: choose another place with --backups DIR.' }),
    };
    return { check, aheadMs: Math.round(fs.statSync(final).mtimeMs - before) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { check: cannotBeWritten(dir, why), aheadMs: null };
  } finally {
    removeTree(temporary);
    removeTree(final);
  }
}

function cannotBeWritten(folder: string, why: string): CheckResult {
  return {
    id: 'round-trip',
    group: 'repository',
    status: 'critical',
    message: `the backups folder cannot be written: ${why}`,
    evidence: { folder },
    recommendation: 'Make it writable or choose another place with --backups DIR.',
  };
}

/** A link on the way whose target is not there: no folder can be made through it. */
function linkToNowhere(repository: string): string | null {
  let at = path.resolve(repository);
  while (lstatOrNull(at) === null && path.dirname(at) !== at) at = path.dirname(at);
  return fs.existsSync(at) ? null : at;
}
