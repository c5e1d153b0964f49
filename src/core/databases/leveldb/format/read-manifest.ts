import { damaged } from '../../damage.ts';
import { scanLog, type LogTail } from './log-format.ts';
import type { RandomAccess } from '../../database-files.ts';
import { decodeVersionEdit, type Version } from './version-edit.ts';

/**
 * Applies the records of a MANIFEST, beginning at `from` (a record boundary). Returns the offset after the last whole record. Throws
 * DATABASE_DAMAGED, naming the file and the offset, or DATABASE_FOREIGN.
 */
export function applyManifest(
  file: RandomAccess,
  name: string,
  version: Version,
  from = 0,
): { readonly validEnd: number; readonly tail: LogTail } {
  let at = from;
  const scan = scanLog(
    file,
    (record, end) => {
      try {
        version.apply(decodeVersionEdit(record, name));
      } catch (error) {
        if (error instanceof Error && error.name === 'BackupError') throw error;
        throw damaged(name, error instanceof Error ? error.message : String(error), at, error);
      }
      at = end;
    },
    { from },
  );
  if (scan.corruption !== null) throw damaged(name, scan.corruption.why, scan.corruption.offset);
  return { validEnd: scan.validEnd, tail: scan.tail };
}
