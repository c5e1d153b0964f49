import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Archiver } from 'archiver';
import { checkFolderHolds, expectedArtifacts } from '../checks/folder-holds.ts';
import { readArtifactSums } from '../checks/artifact-sums.ts';
import { fsyncDir, fsyncFile, lstatOrNull, renameDurable } from '../fs/durable.ts';
import { tidy } from '../fs/left-over.ts';
import { addName } from '../fs/second-name.ts';
import { removeDeadTemporaries, temporaryBeside } from '../fs/temporary-file.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { ExportReport } from '../model/export-report.ts';
import type { Finding } from '../model/finding.ts';
import { shellLine } from '../model/shell-quote.ts';
import { fromSystemError, noFolder } from '../model/system-error.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { makePartId } from '../format/id.ts';
import { readMembers, type ExportFormat } from '../format/exported-file.ts';
import { ARTIFACTS_FILE, SIGNATURE_SUFFIX } from '../format/layout.ts';
import { isVersion1 } from '../format/version1.ts';
import { readManifest } from '../format/manifest-file.ts';
import { signatureToCarry } from '../protection/judge-signature.ts';
import { startReport } from '../repository/report-head.ts';
import { hashFile } from '../fs/hash-file.ts';
import { cutPart } from './export/cut-part.ts';

export interface ExportOptions {
  readonly format: ExportFormat;
  /** A path (relative to the working directory), or `-` for stdout; undefined: beside the backup, named by its id. */
  readonly output?: string | undefined;
  /** Terms that select a part; empty: all of the backup. */
  readonly only?: readonly string[];
}

/** From here on sizes or offsets may need zip64. */
const ZIP64_BYTES = 0xf000_0000;

/**
 * Puts a backup, or a part of it as a backup of its own, into one file, which is read back and compared, artifact by artifact, before it gets its
 * name; a stream to stdout is checked while it is written. Throws BACKUP_DAMAGED, TARGET_NOT_EMPTY, PROOF_FAILED, USAGE for a backup of format
 * version 1, and for a part what `cutPart` throws.
 */
export async function exportBackup(
  whole: SelectedBackup,
  { format, only = [], ...options }: ExportOptions,
  context: Context,
): Promise<ExportReport> {
  const head = startReport(context);
  refuseVersion1(whole);
  const isPart = only.length > 0;
  const output = outputOf(whole, isPart ? makePartId(whole.id, only) : whole.id, format, options.output);
  const toStdout = output === '-';
  if (!toStdout) {
    const folder = path.dirname(output);
    if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw noFolder(folder, 'the exported file', '--output');
    if (lstatOrNull(output) !== null) throw exists(output);
  }
  const selected = isPart ? await cutPart(whole, only, context) : whole;
  try {
    const { sums, findings } = artifactsOf(selected.folder);
    const job = { format, members: membersOf(selected, sums), context };
    const written = toStdout ? await pack(job, openStdout()) : await packToFile(job, output);
    return {
      ...head(),
      operation: 'export',
      backupId: selected.id,
      partOf: isPart ? whole.id : null,
      selection: [...only],
      format,
      output,
      ...written,
      artifacts: sums.size,
      checked: toStdout ? 'passing' : 'read-back',
      findings,
    };
  } finally {
    if (isPart) selected.dispose();
  }
}

/** Throws USAGE: a copy in today's format would say that it is complete, which the backup itself does not say. */
function refuseVersion1({ id, folder, fromFile = folder }: SelectedBackup): void {
  if (!isVersion1(fromFile)) return;
  const line = ['tar', '-czf', `${id}.tar.gz`, '-C', path.dirname(fromFile), path.basename(fromFile)];
  throw new BackupError('USAGE', `${id} is of format version 1, which export does not write`, {
    hint: `Pack its folder as it is, and unpack it before you verify or restore it: ${shellLine(line)}`,
    path: fromFile,
  });
}

/** If no place was asked for, it is not the working folder, where a commit would include the file. */
function outputOf(
  { folder, fromFile }: SelectedBackup,
  id: string,
  format: ExportFormat,
  asked: string | undefined,
): string {
  if (asked === '-') return '-';
  return path.resolve(asked ?? path.join(path.dirname(fromFile ?? folder), `${id}.${format}`));
}

interface Job {
  readonly format: ExportFormat;
  /** Name in the exported file -> the file that it is made from, and what its SHA-256 must be. */
  readonly members: ReadonlyMap<string, { readonly file: string; readonly sha256: string }>;
  readonly context: Context;
}

/** Every artifact with its SHA-256. Refuses a backup that lacks a part; files that do not belong to it are named and left out. */
function artifactsOf(folder: string): { sums: Map<string, string>; findings: Finding[] } {
  const manifest = readManifest(folder);
  const expected = expectedArtifacts(manifest);
  const held = checkFolderHolds(folder, manifest);
  const broken = held.filter((finding) => finding.code === 'artifact-missing' || expected.includes(finding.path ?? ''));
  const listed = readArtifactSums(folder, manifest);
  const [problem] = [...broken, ...listed.findings];
  if (problem !== undefined) throw damaged(problem.message, folder);
  const sums = new Map<string, string>();
  for (const name of expected) sums.set(name, listed.sums.get(name) ?? '');
  sums.set(ARTIFACTS_FILE, hashFile(path.join(folder, ARTIFACTS_FILE)));
  const foreign = held.filter((finding) => !broken.includes(finding));
  return { sums, findings: foreign.map((finding) => ({ ...finding, code: 'artifact-foreign', severity: 'warning' })) };
}

/** The signature is beside the folder, as in a repository. */
function membersOf(selected: SelectedBackup, sums: ReadonlyMap<string, string>): Job['members'] {
  const { id, folder } = selected;
  const members = new Map(
    [...sums].map(([name, sha256]) => [`${id}/${name}`, { file: path.join(folder, name), sha256 }]),
  );
  const signature = signatureToCarry(selected);
  if (signature !== null) members.set(id + SIGNATURE_SUFFIX, signature);
  return members;
}

async function packToFile(job: Job, output: string): Promise<{ bytes: number; sha256: string }> {
  const folder = path.dirname(output);
  // An export to this name may have been killed and have left a temporary file.
  tidy(folder, 'unseen', [], () => removeDeadTemporaries(folder, path.basename(output)));
  const temporary = temporaryBeside(output);
  try {
    const written = await pack(job, fs.createWriteStream('', { fd: makeFile(temporary, output) }));
    fsyncFile(temporary);
    await readBack(job, temporary);
    giveName(temporary, output);
    return written;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** The descriptor of a new file. */
function makeFile(temporary: string, output: string): number {
  try {
    return fs.openSync(temporary, 'wx', 0o600);
  } catch (error) {
    throw fromSystemError(error, 'the exported file could not be made', output);
  }
}

/** Gives the file its name durably, and never replaces what somebody has made there meanwhile. Throws TARGET_NOT_EMPTY. */
function giveName(temporary: string, output: string): void {
  const name = addName(temporary, output);
  if (name === 'taken' || (name === 'none' && lstatOrNull(output) !== null)) throw exists(output);
  if (name === 'none') return renameDurable(temporary, output);
  try {
    fsyncDir(path.dirname(output));
  } catch (error) {
    fs.rmSync(output);
    throw error;
  }
}

/** If the disk has room for only a part of a chunk, process.stdout writes that part and reports success; a stream of our own continues or fails. */
function openStdout(): Writable {
  return fs.fstatSync(1).isFile() ? fs.createWriteStream('', { fd: 1, autoClose: false }) : process.stdout;
}

/** Streams the backup into `sink`; number and SHA-256 are of the bytes that went there. */
async function pack(job: Job, sink: Writable): Promise<{ bytes: number; sha256: string }> {
  const archive = await newArchive(job);
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // archiver reports what it leaves out as a mere warning.
  archive.on('warning', (error) => archive.destroy(error));
  const flowing = pipeline(archive, meter, sink, { end: sink !== process.stdout });
  await Promise.all([flowing, feed(job, archive)]);
  return { bytes, sha256: hash.digest('hex') };
}

async function newArchive(job: Job): Promise<Archiver> {
  const { TarArchive, ZipArchive } = await import('archiver');
  if (job.format === 'tar') return new TarArchive();
  return new ZipArchive({ store: true, forceZip64: sizeOf(job) >= ZIP64_BYTES });
}

/** Bytes of all that goes into it. */
function sizeOf({ members }: Job): number {
  return [...members.values()].reduce((sum, { file }) => sum + fs.lstatSync(file).size, 0);
}

/** Announces a phase. The function that it returns adds to the artifacts and bytes that are done. */
function beginPhase(job: Job, phase: string): (files: number, bytes: number) => void {
  const { onEvent } = job.context;
  const done = { files: 0, bytes: 0 };
  onEvent?.({ type: 'phase-begin', phase, files: job.members.size, bytes: sizeOf(job) });
  return (files, bytes) => {
    done.files += files;
    done.bytes += bytes;
    onEvent?.({ type: 'progress', ...done });
  };
}

/** Appends the artifacts one by one, and checks each against its SHA-256 while it passes. */
async function feed(job: Job, archive: Archiver): Promise<void> {
  const ended = new AbortController();
  const closed = (): void => ended.abort();
  archive.once('close', closed);
  const count = beginPhase(job, 'exporting');
  try {
    for (const [name, { file, sha256 }] of job.members) {
      throwIfInterrupted(job.context.signal);
      const hash = createHash('sha256');
      const source = fs.createReadStream(file, { highWaterMark: 1 << 18 });
      source.on('data', (chunk) => {
        hash.update(chunk);
        count(0, chunk.length);
      });
      source.on('error', (error) => archive.destroy(error));
      const done = once(archive, 'entry', { signal: ended.signal });
      const stats = fs.lstatSync(file);
      archive.append(source, { name, stats, mode: 0o600, date: stats.mtime });
      await done;
      if (hash.digest('hex') !== sha256) throw damaged(`${name} was altered: its SHA-256 differs`, file);
      count(1, 0);
    }
    await archive.finalize();
  } catch (error) {
    // If the archive was destroyed, the error that did it says more, and the pipeline throws that one.
    if (!ended.signal.aborted) archive.destroy(error instanceof Error ? error : new Error(String(error)));
    else if (error instanceof BackupError) throw error;
  } finally {
    archive.off('close', closed);
  }
}

/** Throws PROOF_FAILED unless the file holds every artifact once, with its bytes, and nothing else. */
async function readBack(job: Job, file: string): Promise<void> {
  const missing = new Set(job.members.keys());
  const count = beginPhase(job, 'reading back');
  for await (const member of readMembers(file, job.format)) {
    throwIfInterrupted(job.context.signal);
    const hash = createHash('sha256');
    for await (const chunk of member.content) {
      hash.update(chunk);
      count(0, chunk.length);
    }
    count(1, 0);
    const right = hash.digest('hex') === job.members.get(member.name)?.sha256;
    if (!right || !missing.delete(member.name)) throw unproven(`${member.name} came back different`, file);
  }
  if (missing.size > 0)
    throw unproven(`${[...missing].join(', ')} ${missing.size === 1 ? 'is' : 'are'} missing from it`, file);
}

function damaged(what: string, file: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `the backup is not whole: ${what}`, {
    hint: 'migbackup verify shows what of it is still good; export another backup.',
    path: file,
  });
}

function unproven(what: string, file: string): BackupError {
  return new BackupError('PROOF_FAILED', `the exported file is not the backup: ${what}`, {
    hint: 'Nothing was kept. Check the disk that it was written to, then run the command again.',
    path: file,
  });
}

function exists(output: string): BackupError {
  return new BackupError('TARGET_NOT_EMPTY', `${output} exists already`, {
    hint: 'Give another --output, or remove that file first.',
    path: output,
  });
}
