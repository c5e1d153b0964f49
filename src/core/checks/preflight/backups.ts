import fs from 'node:fs';
import { BackupError } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { listBackups } from '../../store/catalog.ts';
import { PARTIAL_PREFIX } from '../../store/layout.ts';
import { readManifest } from '../../store/manifest-file.ts';
import { lastVerification } from '../../store/reports.ts';

export interface BackupsFound {
  readonly checks: CheckResult[];
  /** Stored bytes per byte of the newest readable backup, for the estimate of space. */
  readonly lastRatio: number | undefined;
}

/** What is in the store already: how many, the newest that verified in full, work folders of killed runs, a clock that runs back. */
export function checkBackups(store: string, now: Date): BackupsFound {
  const backups = listBackups(store).filter((ref) => ref.kind === 'migration');
  const verified = backups.find((ref) => {
    const last = lastVerification(store, ref.id);
    return last?.scope === 'full' && last.status !== 'FAILED';
  });
  const checks: CheckResult[] = [
    {
      id: 'backups',
      group: 'store',
      status: 'info',
      message: backups.length === 0 ? 'no backup yet' : `${backups.length} backups, newest ${backups[0]?.id}`,
      evidence: { count: backups.length, newest: backups[0]?.id ?? null, newestVerified: verified?.id ?? null },
    },
  ];
  const stale = staleFolders(store);
  if (stale.length > 0) {
    checks.push({
      id: 'stale-work',
      group: 'store',
      status: 'info',
      message: `${stale.length} work folders of interrupted runs; the next create removes them`,
      paths: stale,
    });
  }
  const future = backups.filter((ref) => ref.time.getTime() > now.getTime() + 60_000);
  checks.push({
    id: 'clock',
    group: 'prerequisites',
    status: future.length > 0 ? 'warning' : 'ok',
    message:
      future.length > 0
        ? 'there are backups from the future: the clock has run back'
        : 'the clock is past every backup',
    evidence: { now: now.toISOString() },
    ...(future.length > 0
      ? { paths: future.map((ref) => ref.id), recommendation: 'Set the clock: --latest goes by time.' }
      : {}),
  });
  return { checks, lastRatio: ratioOf(backups[0]?.folder) };
}

function staleFolders(store: string): string[] {
  return fs.existsSync(store) && fs.statSync(store).isDirectory()
    ? fs.readdirSync(store).filter((name) => name.startsWith(PARTIAL_PREFIX))
    : [];
}

function ratioOf(folder: string | undefined): number | undefined {
  if (folder === undefined) return undefined;
  try {
    const { bytes, archivedBytes } = readManifest(folder).totals;
    return bytes > 0 ? archivedBytes / bytes : undefined;
  } catch (error) {
    if (error instanceof BackupError) return undefined;
    throw error;
  }
}
