import { createHash } from 'node:crypto';
import { statusOf } from '../../audit/status.ts';
import { atOnce } from '../../concurrency/at-once.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { AnyFinding, Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { VerifyReport } from '../../model/verify-report.ts';
import { BackupError } from '../../model/backup-error.ts';
import { startReport } from '../../repository/report-head.ts';
import { keepReport } from '../../repository/reports.ts';
import { refOf } from '../../repository/remotes/fetch-copy.ts';
import type { Copy } from '../../repository/remotes/list-copies.ts';
import type { FromRemote } from '../../repository/remotes/open-copy.ts';
import { chooseRemotes, openRemote } from '../../repository/remotes/open-remote.ts';
import type { Head, Remote } from '../../repository/remotes/remote.ts';
import { selectCopy } from '../../repository/remotes/select-copy.ts';
import { Owner } from '../../repository/whose.ts';

const AT_ONCE = 8;

/**
 * Compares what a remote says of each object of a copy with the copy's commit: size, ETag, checksum, lock. Objects of which it stores no checksum are
 * read. Nothing else of the backup is verified.
 */
export async function verifyStored(
  project: Project,
  selector: string,
  from: FromRemote,
  context: Context,
): Promise<VerifyReport> {
  const head = startReport(context);
  const [choice] = chooseRemotes(project.config, [from.remote]);
  if (choice === undefined) throw new Error('one remote was chosen');
  const remote = await openRemote(choice, from.insecure, context);
  try {
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const copy = await selectCopy(remote, new Owner(project), { selector, copy: from.copy, onNote });
    const { findings, read } = await checkObjects(remote, copy, context);
    const { objects } = copy.statement;
    const archivedBytes = objects
      .filter(({ name }) => /\.tar(\.zst)?$/.test(name))
      .reduce((total, { size }) => total + size, 0);
    const all: AnyFinding[] = [...findings, notProven(objects.length, read)];
    const report: VerifyReport = {
      ...head(),
      operation: 'verify',
      backupId: copy.id,
      folder: copy.place,
      status: statusOf(all),
      scope: { mode: 'stored', filesChecked: 0 },
      totals: { files: 0, bytes: 0, artifacts: objects.length, archivedBytes },
      categories: {},
      findings: all,
      recommendations: [...new Set(all.flatMap(({ recommendation }) => recommendation ?? []))],
      reportFile: null,
    };
    return keepReport(project.repository, copy.id, 'verify', report);
  } finally {
    remote.close();
  }
}

async function checkObjects(
  remote: Remote,
  copy: Copy,
  context: Context,
): Promise<{ findings: Finding[]; read: number }> {
  const { objects, lock } = copy.statement;
  const bytes = objects.reduce((total, { size }) => total + size, 0);
  context.onEvent?.({ type: 'phase-begin', phase: 'verifying', files: objects.length, bytes });
  const found = new Map<string, Finding[]>();
  const done = { files: 0, bytes: 0 };
  let read = 0;
  await atOnce(AT_ONCE, objects, async (object) => {
    const head = await remote.head(refOf(copy, object).key, object.versionId);
    const findings = compare(object, head, lock);
    const isStored = head?.checksum !== null && object.checksum !== null;
    if (findings.length === 0 && !isStored) {
      read++;
      findings.push(...(await readObject(remote, copy, object)));
    }
    found.set(object.name, findings);
    done.files++;
    done.bytes += object.size;
    context.onEvent?.({ type: 'progress', ...done });
  });
  return { findings: objects.flatMap(({ name }) => found.get(name) ?? []), read };
}

function compare(object: CopyObject, head: Head | null, lock: Copy['statement']['lock']): Finding[] {
  const { name, size, etag, checksum } = object;
  if (head === null) return [altered(name, 'is missing')];
  if (head.size !== size) return [altered(name, `has ${head.size} bytes instead of ${size}`)];
  if (head.etag !== null && etag !== null && head.etag !== etag)
    return [altered(name, 'is another object: its ETag differs')];
  if (head.checksum !== null && checksum !== null && head.checksum !== checksum)
    return [altered(name, 'is another object: its checksum differs')];
  if (lock === null) return [];
  const has = head.lock;
  const until = new Date(Math.floor(Date.parse(lock.until) / 1000) * 1000);
  const isHeld = has !== null && has.until >= until && (has.mode === lock.mode || has.mode === 'compliance');
  if (isHeld) return [];
  const message = `${name} has no lock of ${lock.mode} until ${lock.until}`;
  const recommendation = 'Find out who took it away, and push the backup again to a bucket that keeps locks.';
  return [{ code: 'copy-not-locked', severity: 'error', message, path: name, recommendation }];
}

async function readObject(remote: Remote, copy: Copy, object: CopyObject): Promise<Finding[]> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of remote.read(refOf(copy, object), 0, object.size)) hash.update(chunk);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return [altered(object.name, 'cannot be read')];
  }
  return hash.digest('hex') === object.sha256 ? [] : [altered(object.name, 'was altered: its SHA-256 differs')];
}

function altered(name: string, what: string): Finding {
  return {
    code: 'copy-altered',
    severity: 'error',
    message: `${name} ${what}`,
    path: name,
    recommendation: 'Use another copy, and push the backup again from where it is whole.',
  };
}

function notProven(all: number, read: number): Finding {
  const message =
    read === all
      ? 'every object has the bytes that were pushed; whether they are a backup that can be restored was not looked at'
      : `of ${plural(all - read, 'object')} this shows what the remote says that it has, and not the bytes`;
  return {
    code: 'copy-not-proven',
    severity: 'info',
    message,
    recommendation: 'Add --deep to fetch the copy and verify it as a backup.',
  };
}
