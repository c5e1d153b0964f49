import fs from 'node:fs';
import path from 'node:path';
import type { z } from '../model/zod.ts';
import { fsyncDir, lstatOrNull, mkdirDurable, writeAll, writeFileDurable } from '../fs/durable.ts';
import { escapeJson } from '../paths/names.ts';
import { assertFolder, openAppend, readRegular } from '../fs/regular-file.ts';
import { giveToFolderOwner } from '../fs/folder-owner.ts';
import { tidy, type LeftOver } from '../fs/left-over.ts';
import { removeDeadTemporaries } from '../fs/temporary-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { AnyFinding, Finding } from '../model/finding.ts';
import { withRecommendations } from '../model/with-recommendations.ts';
import { isAbout, type Recorded } from './report-subject.ts';
import { OPERATIONS_FILE, REPORTS_FOLDER } from '../format/layout.ts';

/** A line is some 300 bytes. */
const MAX_LOG_BYTES = 256 << 20;
/** Reports list every affected file. */
const MAX_REPORT_BYTES = 256 << 20;

export interface WrittenReport {
  /** Absolute path of the report, null if it could not be written. */
  readonly file: string | null;
  /** Why it could not be written: evidence is worth having, but never worth failing for. */
  readonly finding?: Finding;
}

/** Writes `<repository>/reports/<subject>/<operation>-<time>.json`, and never overwrites another report. `reportFile` in it names the file itself. */
export function writeReport(repository: string, subject: string, operation: string, report: object): WrittenReport {
  const folder = path.join(repository, REPORTS_FOLDER, subject);
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
  try {
    if (!fs.existsSync(repository)) return { file: null };
    makeFolders(repository, subject);
    let file = path.join(folder, `${operation}-${time}.json`);
    for (let again = 2; fs.existsSync(file); again++) file = path.join(folder, `${operation}-${time}-${again}.json`);
    writeFileDurable(
      file,
      `${escapeJson(JSON.stringify({ ...withRecommendations(report), reportFile: file }, null, 2))}\n`,
    );
    return { file };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      file: null,
      finding: {
        code: 'report-not-written',
        severity: 'warning',
        message: `the report could not be written: ${why}`,
        path: folder,
      },
    };
  }
}

/** Writes a report, and returns it with the path of its file or with a finding that says why it was not written. */
export function keepReport<Report extends { readonly findings: readonly AnyFinding[] }>(
  repository: string,
  subject: string,
  operation: string,
  report: Report,
): Report & { reportFile: string | null; findings: AnyFinding[] } {
  const { file, finding } = writeReport(repository, subject, operation, report);
  return { ...report, reportFile: file, findings: [...report.findings, ...(finding === undefined ? [] : [finding])] };
}

export interface Verification {
  readonly time: string;
  readonly status: 'PASSED' | 'WARNING' | 'FAILED';
  readonly mode: 'full' | 'sample' | 'quick' | 'selection';
  /** Everything was unpacked and every database opened too. */
  readonly rehearsed: boolean;
}

/**
 * The newest full verification of a backup in the repository, not of a copy or an exported file elsewhere. A later one of any scope that FAILED
 * counts instead. If none was full, the newest of any scope counts. Null if there is none.
 */
export function lastVerification(repository: string, id: string): Verification | null {
  let newest: Verification | null = null;
  for (const file of reportNames(repository, id, 'verify')) {
    const found = readVerification(file, repository, id);
    if (found?.mode === 'full' || found?.status === 'FAILED') return found;
    newest ??= found;
  }
  return newest;
}

function readVerification(file: string, repository: string, id: string): Verification | null {
  try {
    const report: Recorded & {
      startedAt?: unknown;
      status?: unknown;
      backupStatus?: unknown;
      scope?: { mode?: unknown; rehearsed?: unknown };
    } = JSON.parse(readRegular(file, MAX_REPORT_BYTES).toString('utf8'));
    const { startedAt } = report;
    // What a chain says about the records does not make a backup good or bad.
    const status = report.backupStatus ?? report.status;
    const mode = report.scope?.mode;
    if (typeof startedAt !== 'string') return null;
    if (!isAbout(report, path.join(repository, id), repository)) return null;
    if (status !== 'PASSED' && status !== 'WARNING' && status !== 'FAILED') return null;
    if (mode !== 'full' && mode !== 'sample' && mode !== 'quick' && mode !== 'selection') return null;
    return { time: startedAt, status, mode, rehearsed: report.scope?.rehearsed !== undefined };
  } catch {
    return null;
  }
}

/** The reports of one kind about a backup that are on record, newest first; files that are not such reports are skipped. */
export function storedReports<T>(repository: string, id: string, operation: string, schema: z.ZodType<T>): T[] {
  return reportNames(repository, id, operation).flatMap((file) => {
    try {
      const parsed = schema.safeParse(JSON.parse(readRegular(file, MAX_REPORT_BYTES).toString('utf8')));
      return parsed.success ? [parsed.data] : [];
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof SyntaxError)) throw error;
      return [];
    }
  });
}

/** Report files of one kind, newest first. */
function reportNames(repository: string, id: string, operation: string): string[] {
  const folder = path.join(repository, REPORTS_FOLDER, id);
  try {
    const names = fs.readdirSync(folder).filter((name) => name.startsWith(`${operation}-`) && name.endsWith('.json'));
    return names
      .toSorted()
      .toReversed()
      .map((name) => path.join(folder, name));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** Makes the folder of the reports, and in it that of one backup, and returns the inner one. Links in their place are never followed. */
export function makeFolders(repository: string, ...below: string[]): string {
  let folder = path.join(repository, REPORTS_FOLDER);
  for (const next of [undefined, ...below]) {
    if (next !== undefined) folder = path.join(folder, next);
    assertFolder(folder);
    mkdirDurable(folder, 0o700);
  }
  return folder;
}

/**
 * Appends one line to the operation log and makes it durable. Throws if there is no repository: one that was moved away is never made again, so that it
 * can be brought back to its place.
 */
export function logOperation(repository: string, record: Record<string, unknown>): void {
  if (lstatOrNull(repository) === null) throw new Error('the backups folder is not in its place');
  const folder = makeFolders(repository);
  const fd = openAppend(path.join(folder, OPERATIONS_FILE));
  try {
    if (fs.fstatSync(fd).size === 0) giveToFolderOwner(fd, folder);
    // A line that a power cut left unfinished must not swallow this one.
    const start = endsInLine(fd) ? '' : '\n';
    writeAll(fd, Buffer.from(`${start}${escapeJson(JSON.stringify(record))}\n`));
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fsyncDir(folder);
}

/** True for an empty file and one that ends with a line end. */
function endsInLine(fd: number): boolean {
  const { size } = fs.fstatSync(fd);
  const last = Buffer.alloc(1);
  return size === 0 || (fs.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
}

/** Removes reports that killed runs were writing, and returns their names. Folders that it may not look into are added to `left`. */
export function cleanReports(repository: string, left: LeftOver[]): string[] {
  const reports = path.join(repository, REPORTS_FOLDER);
  if (lstatOrNull(reports)?.isDirectory() !== true) return [];
  const removed: string[] = [];
  tidy(reports, 'unseen', left, () => {
    for (const entry of fs.readdirSync(reports, { withFileTypes: true })) {
      const folder = path.join(reports, entry.name);
      if (entry.isDirectory()) tidy(folder, 'unseen', left, () => removed.push(...removeDeadTemporaries(folder)));
    }
  });
  return removed;
}

/** The operation log, oldest first; an absent log is empty. A line that a power cut left unfinished is skipped. */
export function readOperations(repository: string): Record<string, unknown>[] {
  const file = path.join(repository, REPORTS_FOLDER, OPERATIONS_FILE);
  if (lstatOrNull(file) === null) return [];
  const records: Record<string, unknown>[] = [];
  for (const line of readRegular(file, MAX_LOG_BYTES).toString('utf8').split('\n')) {
    try {
      const record: Record<string, unknown> = JSON.parse(line);
      records.push(record);
    } catch {
      // Not a whole line.
    }
  }
  return records;
}
