/** File names of a LevelDB folder, after db/filename.cc (ParseFileName) of Google's LevelDB. */

export type EngineFileType = 'current' | 'lock' | 'info' | 'manifest' | 'log' | 'table' | 'temp';

export interface EngineFile {
  readonly type: EngineFileType;
  /** The file number; 0 for names without one. */
  readonly number: number;
}

const NUMBERED: Readonly<Record<string, EngineFileType>> = { log: 'log', sst: 'table', ldb: 'table', dbtmp: 'temp' };

/** The number of a decimal string, or null if it is beyond what a file number can be here (2^53). */
function fileNumber(digits: string): number | null {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : null;
}

/** What a name in a database folder means to LevelDB, or null for a name that is not LevelDB's. */
export function parseFileName(name: string): EngineFile | null {
  if (name === 'CURRENT') return { type: 'current', number: 0 };
  if (name === 'LOCK') return { type: 'lock', number: 0 };
  if (name === 'LOG' || name === 'LOG.old') return { type: 'info', number: 0 };

  const manifest = /^MANIFEST-(\d+)$/.exec(name);
  if (manifest !== null) {
    const number = fileNumber(manifest[1] ?? '');
    return number === null ? null : { type: 'manifest', number };
  }
  const numbered = /^(\d+)\.(log|sst|ldb|dbtmp)$/.exec(name);
  if (numbered === null) return null;
  const number = fileNumber(numbered[1] ?? '');
  const type = NUMBERED[numbered[2] ?? ''];
  return number === null || type === undefined ? null : { type, number };
}

const padded = (number: number): string => String(number).padStart(6, '0');

/** `000123.log` */
export function logName(number: number): string {
  return `${padded(number)}.log`;
}

/** The names a table may have, newest first: `000123.ldb` and, before LevelDB 1.14, `000123.sst`. */
export function tableNames(number: number): readonly [string, string] {
  return [`${padded(number)}.ldb`, `${padded(number)}.sst`];
}

/** The MANIFEST that the text of CURRENT names, or null if the text is not a whole CURRENT (db/filename.cc, SetCurrentFile). */
export function manifestNamedBy(current: string): string | null {
  return /^(MANIFEST-\d+)\n$/.exec(current)?.[1] ?? null;
}
