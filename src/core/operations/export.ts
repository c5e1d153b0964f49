import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Archiver } from 'archiver';
import { fsyncDir, fsyncFile, lstatOrNull, renameDurable } from '../fs/durable.ts';
import { tidy } from '../fs/left-over.ts';
import { addName } from '../fs/second-name.ts';
import { removeDeadTemporaries, temporaryBeside } from '../fs/temporary-file.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { ExportReport } from '../model/export-report.ts';
import { shellLine } from '../model/shell-quote.ts';
import { fromSystemError, noFolder } from '../model/system-error.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { makePartId } from '../format/id.ts';
import { readMembers, type ExportFormat } from '../format/exported-file.ts';
import { isVersion1 } from '../format/version1.ts';
import { startReport } from '../repository/report-head.ts';
import { parseRecipients } from '../protection/recipients.ts';
import { encryptionFor } from '../repository/seal-files.ts';
import { cutPart } from './export/cut-part.ts';
import { damaged, membersOf, type Member } from './export/members.ts';

export interface ExportOptions {
  readonly format: ExportFormat;
  /** A path (relative to the working directory), or `-` for stdout; undefined: beside the backup, named by its id. */
  readonly output?: string | undefined;
  /** Terms that select a part; empty: all of the backup. */
  readonly only?: readonly string[];
  /** For whom it is encrypted, as age writes them; empty: for nobody. */
  readonly encryptTo?: readonly string[];
  /** Allow a single recipient. */
  readonly singleRecipient?: boolean;
}

/** From here on sizes or offsets may need zip64. */
const ZIP64_BYTES = 0xf000_0000;

/**
 * Puts a backup, or a part of it as a backup of its own, into one file, which is read back and compared, artifact by artifact, before it gets its
 * name; a stream to stdout is checked while it is written. Throws BACKUP_DAMAGED, TARGET_NOT_EMPTY, PROOF_FAILED, USAGE for a backup of format
 * version 1 or what is no recipient, KEY_MISSING for a passphrase that was not given, KEY_UNUSABLE, and for a part what `cutPart` throws.
 */
export async function exportBackup(
  whole: SelectedBackup,
  { format, only = [], encryptTo = [], singleRecipient = false, ...options }: ExportOptions,
  context: Context,
): Promise<ExportReport> {
  const head = startReport(context);
  const recipients = encryptTo.length === 0 ? null : parseRecipients(encryptTo, singleRecipient);
  const encryption = recipients === null ? null : encryptionFor(recipients, context.keys ?? {});
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
    const { members, artifacts, findings } = await membersOf(selected, encryption);
    const job = { format, members, sums: new Map<string, string>(), context };
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
      artifacts,
      encryption: encryption === null ? null : { recipients: [...encryption.fingerprints] },
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
  readonly members: ReadonlyMap<string, Member>;
  /** What each member's SHA-256 must be, once it is written. */
  readonly sums: Map<string, string>;
  readonly context: Context;
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

/** Bytes of all members. */
function sizeOf({ members }: Job): number {
  return [...members.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Announces a phase. The function that it returns adds to the members and bytes that are done. */
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

/** Appends the members one by one, and checks each against its SHA-256 while it passes. */
async function feed(job: Job, archive: Archiver): Promise<void> {
  const ended = new AbortController();
  const closed = (): void => ended.abort();
  archive.once('close', closed);
  const count = beginPhase(job, 'exporting');
  let source: Readable | undefined;
  try {
    for (const [name, member] of job.members) {
      throwIfInterrupted(job.context.signal);
      const { file, size, date } = member;
      const { content, sha256 } = await member.open(job.context.signal);
      source = content;
      job.sums.set(name, sha256);
      const hash = createHash('sha256');
      content.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        count(0, chunk.length);
      });
      content.on('error', (error) => archive.destroy(error));
      const done = once(archive, 'entry', { signal: ended.signal });
      // Of the stats a tar takes the size alone.
      archive.append(content, { name, stats: Object.assign(fs.lstatSync(file), { size }), mode: 0o600, date });
      await done;
      if (hash.digest('hex') !== sha256) throw damaged(`${path.basename(file)} was altered: its SHA-256 differs`, file);
      count(1, 0);
    }
    await archive.finalize();
  } catch (error) {
    // If the archive was destroyed, the error that did it says more, and the pipeline throws that one.
    if (!ended.signal.aborted) archive.destroy(error instanceof Error ? error : new Error(String(error)));
    else if (error instanceof BackupError) throw error;
  } finally {
    archive.off('close', closed);
    source?.destroy();
  }
}

/** Throws PROOF_FAILED unless the file holds every member once, with its bytes, and nothing else. */
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
    const right = hash.digest('hex') === job.sums.get(member.name);
    if (!right || !missing.delete(member.name)) throw unproven(`${member.name} came back different`, file);
  }
  if (missing.size > 0)
    throw unproven(`${[...missing].join(', ')} ${missing.size === 1 ? 'is' : 'are'} missing from it`, file);
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
