import { ARTIFACTS_FILE } from '../format/layout.ts';
import { parseSums, type Sum } from '../format/sums.ts';
import { isArtifactName, REQUIRED_NAMES, sealedName } from './remotes/layout.ts';

/** Of ARTIFACTS.sha256 in an encrypted copy or export: more than any backup needs. */
export const MAX_LIST_BYTES = 1 << 20;

/**
 * The lines of an ARTIFACTS.sha256 that came encrypted, or null if they do not name the files of a backup, each once: their names become names on this disk.
 * Throws BACKUP_DAMAGED for what is no list.
 */
export function artifactsIn(list: Buffer): Sum[] | null {
  const sums = parseSums(list.toString('utf8'), sealedName(0));
  const names = new Set([...sums.map((sum) => sum.path), ARTIFACTS_FILE]);
  const isBackup =
    names.size === sums.length + 1 &&
    [...names].every(isArtifactName) &&
    REQUIRED_NAMES.every((name) => names.has(name));
  return isBackup ? sums : null;
}
