import type { Entry, EntryType } from '../model/entry.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const MODE = /^0[0-7]{3}$/;
const NANOSECONDS = /^-?\d{1,19}$/;
const MAX_I64 = 9_223_372_036_854_775_807n;

/** One line of the index with its newline; keys in the order of docs/format.md. */
export function encodeIndexLine(entry: Entry): string {
  return `${JSON.stringify({
    category: entry.category,
    source: entry.source,
    path: entry.path,
    type: entry.type,
    size: entry.size,
    mode: entry.mode.toString(8).padStart(4, '0'),
    mtimeNs: entry.mtimeNs.toString(),
    uid: entry.uid,
    gid: entry.gid,
    sha256: entry.sha256,
    target: entry.target,
    offset: entry.offset,
  })}\n`;
}

/** What a line (without its newline) says, or what is wrong with it. Unknown keys are ignored; a `__proto__` key is plain data. */
export function decodeIndexLine(line: string): Entry | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'no valid JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'no object';
  // A copy for each of a million lines would cost more than the parsing; own keys alone are ever looked at.
  const own: object = parsed;
  const value = (key: string): unknown => (Object.hasOwn(own, key) ? Reflect.get(own, key) : undefined);
  const text = (key: string): string | undefined => {
    const found = value(key);
    return typeof found === 'string' ? found : undefined;
  };
  const number = (key: string): number | undefined => {
    const found = value(key);
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
  };
  const category = text('category');
  const source = text('source');
  const path = text('path');
  const type = entryType(text('type'));
  const size = number('size');
  const mode = text('mode');
  const mtime = text('mtimeNs');
  const uid = number('uid');
  const gid = number('gid');
  const offset = number('offset');
  if (category === undefined || source === undefined) return 'no category or source';
  if (path === undefined || path === '') return 'no path';
  if (type === undefined) return 'no known type';
  if (size === undefined || (type !== 'file' && size !== 0)) return 'a wrong size';
  if (mode === undefined || !MODE.test(mode)) return 'a wrong mode';
  if (mtime === undefined || !NANOSECONDS.test(mtime)) return 'a wrong mtimeNs';
  const mtimeNs = BigInt(mtime);
  if (mtimeNs > MAX_I64 || mtimeNs < -MAX_I64) return 'a wrong mtimeNs';
  if (uid === undefined || gid === undefined) return 'a wrong uid or gid';
  if (offset === undefined) return 'a wrong offset';
  const sha256 = text('sha256');
  if (type === 'file' ? sha256 === undefined || !SHA256.test(sha256) : Object.hasOwn(own, 'sha256'))
    return 'a wrong sha256';
  const target = text('target');
  if (type === 'symlink' ? target === undefined || !goodTarget(target) : Object.hasOwn(own, 'target'))
    return 'a wrong target';
  return {
    category,
    source,
    path,
    type,
    size,
    mode: Number.parseInt(mode, 8),
    mtimeNs,
    uid,
    gid,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(target === undefined ? {} : { target }),
    offset,
  };
}

/** A link may point anywhere; it must only be a target that a file system can hold. */
function goodTarget(target: string): boolean {
  return target !== '' && Buffer.byteLength(target) < 4096 && target.isWellFormed() && !target.includes('\0');
}

function entryType(text: string | undefined): EntryType | undefined {
  return text === 'file' || text === 'dir' || text === 'symlink' ? text : undefined;
}
