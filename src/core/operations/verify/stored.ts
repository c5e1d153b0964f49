import { createHash, hash as oneShotHash } from 'node:crypto';
import { gather } from '../../format/gather.ts';
import { statusOf } from '../../audit/status.ts';
import { MANIFEST_FILE } from '../../format/layout.ts';
import { parseManifest } from '../../format/manifest-file.ts';
import { unpackManifest } from '../../repository/remotes/commit.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { AnyFinding, Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { VerifyReport } from '../../model/verify-report.ts';
import { BackupError } from '../../model/backup-error.ts';
import { startReport } from '../../repository/report-head.ts';
import { keepReport } from '../../repository/reports.ts';
import { judgeCommit } from '../../protection/judge-commit.ts';
import { judgeList, type Judged } from '../../protection/judge-signature.ts';
import { signerRule, type AskedSigners, type SignerRule } from '../../protection/signer-rule.ts';
import { contentsOf } from '../../repository/remotes/copy-contents.ts';
import { fetchSignature, refOf, readChecked } from '../../repository/remotes/copy-objects.ts';
import type { Copy } from '../../repository/remotes/list-copies.ts';
import type { FromRemote } from '../../repository/remotes/open-copy.ts';
import { chooseRemote, openRemote } from '../../repository/remotes/open-remote.ts';
import { isArchiveName, signatureName } from '../../repository/remotes/layout.ts';
import { totalBytes, type Remote } from '../../repository/remotes/remote.ts';
import { selectCopy } from '../../repository/remotes/select-copy.ts';
import { altered, compareStored } from '../../repository/remotes/stored-objects.ts';
import { Owner } from '../../repository/whose.ts';
import { withSigner } from './with-signer.ts';

/**
 * Compares what a remote says of each object of a copy with the copy's commit: size, ETag, checksum, lock. Objects of which it stores no checksum are
 * read. Nothing else of the backup is verified but, if one is asked for, its signature.
 */
export async function verifyStored(
  project: Project,
  selector: string,
  from: FromRemote,
  context: Context,
  signers: AskedSigners = {},
): Promise<VerifyReport> {
  const head = startReport(context);
  const rule = signerRule(project.config, signers);
  const choice = chooseRemote(project.config, from.remote);
  const remote = await openRemote(choice, from.insecure, context);
  try {
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const copy = await selectCopy(remote, new Owner(project), { selector, copy: from.copy, from: choice, onNote });
    const commit = rule === undefined ? null : judgeCommit(copy, rule, now(context));
    const judged = rule === undefined ? null : await judgeCopy(remote, copy, rule, context).catch(unlessSigned(commit));
    if (judged !== null && 'code' in judged) context.onEvent?.({ type: 'finding', finding: judged });
    const { findings, read } = await checkObjects(remote, copy, context);
    const { objects } = copy.statement;
    const archivedBytes = totalBytes(objects.filter(({ name }) => isArchiveName(name)));
    const forged = commit !== null && 'code' in commit ? [commit] : [];
    const all: AnyFinding[] = [...forged, ...findings, notProven(objects.length, read)];
    const report: VerifyReport = {
      ...head(),
      operation: 'verify',
      backupId: copy.id,
      folder: copy.place,
      status: statusOf(all),
      scope: { mode: 'stored', filesChecked: 0 },
      totals: { files: 0, bytes: 0, artifacts: objects.length, archivedBytes },
      categories: {},
      ...(rule !== undefined && { commitSigner: commit !== null && 'code' in commit ? null : commit }),
      findings: all,
      recommendations: [...new Set(all.flatMap(({ recommendation }) => recommendation ?? []))],
      reportFile: null,
    };
    return keepReport(project.repository, copy.id, 'verify', withSigner(report, judged));
  } finally {
    remote.close();
  }
}

const now = (context: Context): Date => (context.now ?? (() => new Date()))();

/**
 * The commit has the list of artifacts that was signed: what fits it is the signature of these objects, as far as they are what the commit says. Of an
 * encrypted copy it is fetched and opened. Throws KEY_MISSING.
 */
async function judgeCopy(remote: Remote, copy: Copy, rule: SignerRule, context: Context): Promise<Judged | Finding> {
  const { id, place } = copy;
  const text = (await fetchSignature(remote, copy, context))?.toString('latin1') ?? null;
  const contents = await contentsOf(remote, copy, context.keys);
  const list = Buffer.from(contents.list);
  const manifest = contents.files.find(({ name }) => name === MANIFEST_FILE);
  if (copy.statement.encryption !== null && manifest !== undefined) {
    const bytes = await gather(manifest.read(0, manifest.size));
    const [wrong] =
      oneShotHash('sha256', bytes) === manifest.sha256
        ? contradiction(copy, bytes)
        : [altered(MANIFEST_FILE, 'is not what its list says')];
    if (wrong !== undefined) return wrong;
  }
  return judgeList(id, { path: `${place}/${signatureName(id)}`, text, list }, rule, now(context));
}

/** Without a key to an encrypted copy, the signature of its commit is all that can be judged: nobody knows what else was signed. */
function unlessSigned(commit: ReturnType<typeof judgeCommit>): (error: unknown) => null {
  return (error) => {
    const isLocked = error instanceof BackupError && error.code === 'KEY_MISSING';
    if (isLocked && commit !== null && 'principal' in commit) return null;
    throw error;
  };
}

async function checkObjects(
  remote: Remote,
  copy: Copy,
  context: Context,
): Promise<{ findings: Finding[]; read: number }> {
  const { objects } = copy.statement;
  const bytes = totalBytes(objects);
  context.onEvent?.({ type: 'phase-begin', phase: 'verifying', files: objects.length, bytes });
  const done = { files: 0, bytes: 0 };
  let read = 0;
  const findings = await compareStored(remote, copy, async (object, head) => {
    const isProven = head.checksum !== null && object.checksum !== null;
    if (!isProven) read++;
    const found = isProven ? [] : await readObject(remote, copy, object);
    done.files++;
    done.bytes += object.size;
    context.onEvent?.({ type: 'progress', ...done });
    return found;
  });
  return { findings: [...(await contradictions(remote, copy)), ...findings], read };
}

/** What is signed says which backup it is only in the manifest. It is fetched if the commit does not repeat it. Of an encrypted copy, `judgeCopy` looks. */
async function contradictions(remote: Remote, copy: Copy): Promise<Finding[]> {
  const { manifest, statement } = copy;
  if (statement.encryption !== null) return [];
  const object = statement.objects.find(({ name }) => name === MANIFEST_FILE);
  const repeated = manifest === null ? null : unpackManifest(manifest);
  try {
    const bytes = repeated ?? (object === undefined ? null : await readChecked(remote, copy, object));
    return bytes === null ? [] : contradiction(copy, bytes);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return [altered(MANIFEST_FILE, 'cannot be read')];
  }
}

function contradiction({ id }: Copy, bytes: Buffer): Finding[] {
  const { backupId } = parseManifest(bytes, MANIFEST_FILE);
  if (backupId === id) return [];
  const message = `${MANIFEST_FILE} says it is ${backupId}, but the copy is one of ${id}`;
  return [{ code: 'manifest-contradicts', severity: 'error', message, path: MANIFEST_FILE }];
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
