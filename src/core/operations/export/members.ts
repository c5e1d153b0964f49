import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { readArtifactSums } from '../../checks/artifact-sums.ts';
import { checkFolderHolds, expectedArtifacts } from '../../checks/folder-holds.ts';
import { parseId } from '../../format/id.ts';
import { ARTIFACTS_FILE, OPEN_FILE, SIGNATURE_SUFFIX } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { hashFile } from '../../fs/hash-file.ts';
import { openReader } from '../../fs/readable-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import { signatureToCarry } from '../../protection/judge-signature.ts';
import { KEYS_FILE } from '../../protection/sealed-keys.ts';
import { sealedSize } from '../../protection/sealed-file.ts';
import { OPEN_TEXT } from '../../repository/open-by-hand.ts';
import type { LocalFile } from '../../repository/remotes/remote.ts';
import { sealedName } from '../../repository/remotes/layout.ts';
import { bytesAsFile, newSeals, sealFiles, type Encryption, type FileToSeal } from '../../repository/seal-files.ts';
import type { SelectedBackup } from '../../repository/selected.ts';

const BLOCK = 1 << 18;

/** A file that goes into the exported file. */
export interface Member {
  /** What it is made from. */
  readonly file: string;
  /** In bytes, of the member. */
  readonly size: number;
  readonly date: Date;
  /** Called when it is its turn: what is encrypted is read once before. */
  open(signal: AbortSignal | undefined): Promise<OpenMember>;
}

export interface OpenMember {
  readonly content: Readable;
  /** What its SHA-256 must be. */
  readonly sha256: string;
}

export interface Members {
  /** By their names in the exported file, in order. */
  readonly members: ReadonlyMap<string, Member>;
  /** How many files of the backup are among them: all. */
  readonly artifacts: number;
  /** Files that do not belong to the backup: they are left out. */
  readonly findings: Finding[];
}

/** What goes into an exported file, encrypted or not. Throws BACKUP_DAMAGED for a backup that lacks a part, and what `newSeals` throws. */
export async function membersOf(selected: SelectedBackup, encryption: Encryption | null): Promise<Members> {
  const { id, folder } = selected;
  const { sums, findings } = artifactsOf(folder);
  const files = [...sums].map(([name, sha256]) => localFile(folder, name, sha256));
  const named =
    encryption === null
      ? files.map((one): [string, Member] => [one.name, plainMember(one)])
      : await sealedMembers(id, files, encryption);
  const members = new Map(named.map(([name, member]) => [`${id}/${name}`, member]));
  // The signature is beside the folder, as in a repository.
  const signature = signatureToCarry(selected);
  if (signature !== null) members.set(id + SIGNATURE_SUFFIX, plainMember(signature));
  return { members, artifacts: files.length, findings };
}

/** Every artifact with its SHA-256, in the order of the list, which comes last. Refuses a backup that lacks a part. */
function artifactsOf(folder: string): { sums: Map<string, string>; findings: Finding[] } {
  const manifest = readManifest(folder);
  const expected = expectedArtifacts(manifest);
  const held = checkFolderHolds(folder, manifest);
  const broken = held.filter((finding) => finding.code === 'artifact-missing' || expected.includes(finding.path ?? ''));
  const [lacking] = broken;
  if (lacking !== undefined) throw damaged(lacking.message, folder);
  // Before it is read: what is exported as the list is what was read.
  const own = hashFile(path.join(folder, ARTIFACTS_FILE));
  const listed = readArtifactSums(folder, manifest);
  const [problem] = listed.findings;
  if (problem !== undefined) throw damaged(problem.message, folder);
  const foreign = held.filter((finding) => !broken.includes(finding));
  return {
    sums: new Map([...listed.sums, [ARTIFACTS_FILE, own]]),
    findings: foreign.map((finding) => ({ ...finding, code: 'artifact-foreign', severity: 'warning' })),
  };
}

function localFile(folder: string, name: string, sha256: string): LocalFile {
  const file = path.join(folder, name);
  return { file, name, size: fs.lstatSync(file).size, sha256, open: () => openReader(file) };
}

function plainMember({ file, size, sha256 }: Pick<LocalFile, 'file' | 'size' | 'sha256'>): Member {
  const open = (): Promise<OpenMember> =>
    Promise.resolve({ content: fs.createReadStream(file, { highWaterMark: BLOCK }), sha256 });
  return { file, size, date: fs.lstatSync(file).mtime, open };
}

/** KEYS.age, OPEN.md, the list and the other files. Their one time is that of the id. */
async function sealedMembers(
  id: string,
  files: readonly LocalFile[],
  encryption: Encryption,
): Promise<[string, Member][]> {
  const list = files.at(-1);
  if (list === undefined) throw new Error('a backup has a list of artifacts');
  const plain = [list, ...files.slice(0, -1)];
  const seals = await newSeals(files.length, encryption);
  const [keys, ...sealed] = sealFiles(plain, seals);
  const { file } = list;
  const date = parseId(id)?.time ?? new Date(0);
  const member = (from: string, size: number, make: FileToSeal | undefined): Member => ({
    file: from,
    size,
    date,
    async open(signal) {
      if (make === undefined) throw new Error('every file is sealed');
      const made = await make(signal);
      return {
        content: Readable.from(blocksOf(made), { objectMode: false, highWaterMark: BLOCK }),
        sha256: made.sha256,
      };
    },
  });
  const text = bytesAsFile(OPEN_FILE, Buffer.from(OPEN_TEXT));
  return [
    [KEYS_FILE, member(file, seals.keys.length, keys)],
    [OPEN_FILE, member(file, text.size, () => Promise.resolve(text))],
    ...plain.map((one, at): [string, Member] => [sealedName(at), member(one.file, sealedSize(one.size), sealed[at])]),
  ];
}

function* blocksOf(file: LocalFile): Generator<Buffer> {
  const reader = file.open();
  try {
    for (let at = 0; at < file.size; at += BLOCK) {
      const block = Buffer.allocUnsafeSlow(Math.min(BLOCK, file.size - at));
      reader.read(block, at);
      yield block;
    }
  } finally {
    reader.close();
  }
}

/** The error for a backup that is not exported, because it is not whole. */
export function damaged(what: string, file: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `the backup is not whole: ${what}`, {
    hint: 'migbackup verify shows what of it is still good; export another backup.',
    path: file,
  });
}
