import type { Compression } from '../model/category.ts';

/** Names inside a backup folder. */
export const MANIFEST_FILE = 'BACKUP_MANIFEST.json';
export const INDEX_FILE = 'INDEX.ndjson.zst';
export const SUMS_FILE = 'checksums/SHA256SUMS';
export const ARTIFACTS_FILE = 'checksums/ARTIFACTS.sha256';
export const PROCEDURES_FILE = 'RESTORE_PROCEDURES.md';

/** In an encrypted export, which has none of these names: how to open it by hand. */
export const OPEN_FILE = 'OPEN.md';

/** A backup's signature is beside its folder, and its name is the id and this. */
export const SIGNATURE_SUFFIX = '.sig';
/** What a signature of a backup is made for. One that was made for anything else, such as a commit of git, is none of a backup. */
export const NAMESPACE = 'migbackup-artifacts-v1';
/** What a signature of the commit of a copy is made for. */
export const COMMIT_NAMESPACE = 'migbackup-commit-v1';
/** Far more than a signature of the longest RSA key. */
export const MAX_SIGNATURE_BYTES = 16 << 10;

/** Names inside the repository. */
export const REPORTS_FOLDER = 'reports';
export const OPERATIONS_FILE = 'operations.ndjson';
export const LOCK_FILE = 'lock.db';
export const PARTIAL_PREFIX = '.partial-';
/** A file that is made to test whether the repository can be written. */
export const PROBE_PREFIX = '.probe-';
/** A backup that is being removed. It no longer counts as one, and if this run is killed, the next one removes the rest. */
export const DEAD_PREFIX = '.dead-';

/** The archive of one category. */
export function archiveFile(category: string, compression: Compression): string {
  return `${category}.tar${compression === 'zstd' ? '.zst' : ''}`;
}
