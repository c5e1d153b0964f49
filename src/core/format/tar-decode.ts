import { isUtf8 } from 'node:buffer';
import { Header } from 'tar';
import { parsePax } from './pax-records.ts';
import type { Entry, EntryType } from '../model/entry.ts';
import { headerSeconds } from './tar-header.ts';
import * as ustar from './ustar.ts';

const { TAR_BLOCK } = ustar;
import { escapeName } from '../paths/names.ts';

/** What the headers of one member say. */
export interface TarMember {
  readonly path: string;
  readonly type: EntryType;
  readonly size: number;
  readonly mode: number;
  /** Whole seconds. */
  readonly mtime: number;
  readonly uid: number;
  readonly gid: number;
  readonly target?: string;
  /** Bytes of all headers, pax included. */
  readonly headerBytes: number;
}

/** Far more than our values need: paths and link targets are limited to 4096 bytes. */
export const MAX_PAX_BYTES = 32 << 10;

const TYPES: Record<string, EntryType> = { '0': 'file', '5': 'dir', '2': 'symlink' };
const PAX_KEYS = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime']);
/** The size of the headers that begin with the block `first`: 512 bytes, or more if it is a pax header. Or what is wrong. */
export function headerLength(first: Buffer): number | string {
  const head = checkBlock(first);
  if (typeof head === 'string') return head;
  if (typeOf(first) !== 'x') return TAR_BLOCK;
  const size = head.size ?? -1;
  if (size <= 0 || size > MAX_PAX_BYTES) return `a pax header of ${size} bytes`;
  return TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK + TAR_BLOCK;
}

/**
 * Decodes the headers of one member, strictly: ustar magic, right checksum, file, directory or symlink, at most one pax header with
 * known keys. `bytes` are exactly `headerLength` long. Returns what is wrong as a string.
 */
export function decodeHeader(bytes: Buffer): TarMember | string {
  const pax = new Map<string, string>();
  let at = 0;
  if (bytes.length > TAR_BLOCK) {
    const head = checkBlock(bytes.subarray(0, TAR_BLOCK));
    if (typeof head === 'string') return head;
    const problem = parsePax(bytes.subarray(TAR_BLOCK, TAR_BLOCK + (head.size ?? 0)), PAX_KEYS, pax);
    if (problem !== null) return problem;
    at = bytes.length - TAR_BLOCK;
  }
  const block = bytes.subarray(at, at + TAR_BLOCK);
  const head = checkBlock(block);
  if (typeof head === 'string') return head;
  const type = TYPES[typeOf(block)];
  if (type === undefined) return `a member of type "${typeOf(block).replaceAll(/[^ -~]/g, '?')}"`;
  if (pax.has('linkpath') && type !== 'symlink') return 'a link target on a member that is not a link';
  // Readers disagree about which of two sizes counts. We write the size in one place only.
  if (pax.has('size') && (head.size !== 0 || (paxNumber(pax, 'size') ?? 0) <= ustar.MAX_SIZE)) return 'a second size';
  const path = pax.get('path') ?? head.path ?? '';
  const size = paxNumber(pax, 'size') ?? head.size ?? -1;
  const uid = paxNumber(pax, 'uid') ?? head.uid ?? -1;
  const gid = paxNumber(pax, 'gid') ?? head.gid ?? -1;
  if (![size, uid, gid].every((value) => Number.isSafeInteger(value) && value >= 0)) return 'a number out of range';
  const seconds = paxNumber(pax, 'mtime') ?? (head.mtime === undefined ? Number.NaN : head.mtime.getTime() / 1000);
  if (!Number.isSafeInteger(seconds)) return 'a time out of range';
  if (type === 'dir' && !path.endsWith('/')) return 'a directory whose name does not end with a slash';
  if (type !== 'file' && size !== 0) return 'content after a directory or link';
  const target = type === 'symlink' ? (pax.get('linkpath') ?? head.linkpath ?? '') : undefined;
  return {
    path: type === 'dir' ? path.slice(0, -1) : path,
    type,
    size,
    mode: head.mode ?? -1,
    mtime: seconds,
    uid,
    gid,
    ...(target === undefined ? {} : { target }),
    headerBytes: bytes.length,
  };
}

function typeOf(block: Buffer): string {
  return String.fromCharCode(block[ustar.TYPE_AT] ?? 0);
}

function checkBlock(block: Buffer): Header | string {
  if (block.length !== TAR_BLOCK) return 'a header that is cut off';
  if (!ustar.fieldOf(block, ustar.MAGIC).equals(ustar.MAGIC_BYTES)) return 'no ustar header here';
  // Other bytes would be decoded to U+FFFD, so two different names could become the same.
  if (![ustar.NAME, ustar.LINK, ustar.PREFIX].every((field) => isUtf8(ustar.fieldOf(block, field))))
    return 'a name that is not UTF-8';
  try {
    const head = new Header(block, 0);
    return head.cksumValid ? head : 'a header with a wrong checksum';
  } catch {
    // node-tar throws a TypeError for a base-256 number beyond 2^53.
    return 'a header with a number out of range';
  }
}

function paxNumber(pax: Map<string, string>, key: string): number | undefined {
  const text = pax.get(key);
  if (text === undefined) return undefined;
  return /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

/** One phrase for each field in which a member's header and its index entry differ. */
export function headerDifferences(entry: Entry, member: TarMember): string[] {
  if (isSame(entry, member)) return [];
  const pairs: [string, unknown, unknown][] = [
    ['path', member.path, entry.path],
    ['type', member.type, entry.type],
    ['size', member.size, entry.size],
    ['mode', member.mode, entry.mode],
    ['mtime', member.mtime, headerSeconds(entry.mtimeNs)],
    ['uid', member.uid, entry.uid],
    ['gid', member.gid, entry.gid],
    ['target', member.target, entry.target],
  ];
  return pairs
    .filter(([, archived, indexed]) => archived !== indexed)
    .map(([key, archived, indexed]) => `${key} is ${show(archived)} in the archive, but ${show(indexed)} in the index`);
}

/** Almost always true, so it allocates nothing. */
function isSame(entry: Entry, member: TarMember): boolean {
  return (
    member.path === entry.path &&
    member.type === entry.type &&
    member.size === entry.size &&
    member.mode === entry.mode &&
    member.mtime === headerSeconds(entry.mtimeNs) &&
    member.uid === entry.uid &&
    member.gid === entry.gid &&
    member.target === entry.target
  );
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${escapeName(value)}"` : String(value);
}
