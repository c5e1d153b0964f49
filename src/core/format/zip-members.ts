import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { BackupError } from '../model/backup-error.ts';
import { damagedExport, unsafeExport, type ExportedMember } from './exported-member.ts';

const ENCRYPTED = 1;
/** The sizes and the CRC follow the content, so the local header states zeros. */
const HAS_DESCRIPTOR = 8;
/** This value means that the size is in the zip64 extra field. */
const IN_ZIP64 = 0xffff_ffff;
const UNIX_TYPE = 0o170000;
const UNIX_REGULAR = 0o100000;
const UNIX_FOLDER = 0o040000;

/**
 * The members of a zip in the order of its central directory. It is strict: members are stored, not encrypted, regular files or folders, their local
 * headers agree with the directory, and their CRC-32 is checked. Throws BACKUP_DAMAGED or UNSAFE_ARCHIVE.
 */
export async function* readZipMembers(file: string): AsyncGenerator<ExportedMember> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { autoClose: false, strictFileNames: true });
    for await (const entry of zip.eachEntry()) {
      checkEntry(file, entry);
      await checkLocalHeader(file, zip, entry);
      const isFolder = entry.fileName.endsWith('/');
      yield { name: entry.fileName, isFolder, size: entry.uncompressedSize, content: contentOf(file, zip, entry) };
    }
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    // I/O errors of the consumer (a full disk, for example) come through here too, and stay as they are.
    if (cause instanceof Error && 'errno' in cause) throw cause;
    throw damagedExport(file, `not a whole zip file: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  } finally {
    zip?.close();
  }
}

function checkEntry(file: string, entry: Entry): void {
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw unsafeExport(file, `${entry.fileName} is encrypted`);
  if (entry.compressionMethod !== 0)
    throw unsafeExport(file, `${entry.fileName} is compressed, but an export stores its members as they are (zip -0)`);
  if (entry.compressedSize !== entry.uncompressedSize) throw unsafeExport(file, `${entry.fileName} states two sizes`);
  const type = (entry.externalFileAttributes >>> 16) & UNIX_TYPE;
  if (type !== 0 && type !== UNIX_REGULAR && type !== UNIX_FOLDER) {
    throw unsafeExport(file, `${entry.fileName} is neither a file nor a folder`);
  }
}

/** Both headers must agree, because two readers may believe different ones. */
async function checkLocalHeader(file: string, zip: ZipFile, entry: Entry): Promise<void> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  const agrees = (stated: number, actual: number): boolean =>
    stated === actual || stated === IN_ZIP64 || ((local.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0 && stated === 0);
  const same =
    local.fileName.equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    agrees(local.crc32, entry.crc32) &&
    agrees(local.compressedSize, entry.compressedSize) &&
    agrees(local.uncompressedSize, entry.uncompressedSize);
  if (!same) throw unsafeExport(file, `the two headers of ${entry.fileName} disagree`);
}

async function* contentOf(file: string, zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let crc = 0;
  const stream: AsyncIterable<Uint8Array> = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== entry.crc32) throw damagedExport(file, `${entry.fileName} was altered: its CRC-32 differs`);
}
