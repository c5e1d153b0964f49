import { createHash } from 'node:crypto';
import type { Claim, Part } from './hostile-case.ts';

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type Bytes = string | Buffer;

const raw = (text: Bytes): Buffer => (Buffer.isBuffer(text) ? text : Buffer.from(text));

/** Header fields; those that end in Raw replace what would be written, byte for byte. */
export interface HeaderFields {
  readonly type?: string;
  readonly mode?: number;
  readonly modeRaw?: string;
  readonly uidRaw?: Bytes;
  readonly sizeRaw?: Bytes;
  readonly mtimeRaw?: Bytes;
  readonly link?: string;
  readonly magic?: string;
  readonly prefix?: string;
  /** Added to the right checksum; `blank` leaves spaces there. */
  readonly checksum?: number | 'blank';
  readonly patch?: (block: Buffer) => void;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** One tar header block with whatever nonsense is asked for, and a checksum that fits it. */
export function header(name: Bytes, size: number, fields: HeaderFields = {}): Buffer {
  const block = Buffer.alloc(512);
  const put = (value: Bytes, at: number, width: number): void => {
    raw(value).copy(block, at, 0, Math.min(width, raw(value).length));
  };
  put(name, 0, 100);
  put(fields.modeRaw ?? octal(fields.mode ?? 0o644, 8), 100, 8);
  put(fields.uidRaw ?? octal(0, 8), 108, 8);
  put(octal(0, 8), 116, 8);
  put(fields.sizeRaw ?? octal(size, 12), 124, 12);
  put(fields.mtimeRaw ?? octal(1_700_000_000, 12), 136, 12);
  block.fill(0x20, 148, 156);
  put(fields.type ?? '0', 156, 1);
  put(fields.link ?? '', 157, 100);
  put(fields.magic ?? 'ustar\x0000', 257, 8);
  put(octal(0, 8), 329, 8);
  put(octal(0, 8), 337, 8);
  put(fields.prefix ?? '', 345, 155);
  fields.patch?.(block);
  if (fields.checksum === 'blank') return block;
  const sum = block.reduce((total, byte) => total + byte, 0) + (fields.checksum ?? 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export const END_BLOCKS = Buffer.alloc(1024);

/** A number in GNU's base-256 form, 12 bytes. */
export function base256(value: bigint): Buffer {
  const bytes = Buffer.alloc(12);
  let rest = value < 0n ? value + (1n << 96n) : value;
  for (let at = 11; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

interface FileFields extends HeaderFields {
  /** What the index calls it, where that is not the name in the header. */
  readonly claimed?: string;
}

/** A file; the index says the same about it. */
export function file(name: Bytes, content: Bytes = 'x', fields: FileFields = {}): Part {
  const bytes = raw(content);
  const inHeader = fields.prefix === undefined ? raw(name).toString() : `${fields.prefix}/${raw(name).toString()}`;
  const claim: Claim = {
    path: fields.claimed ?? inHeader,
    type: 'file',
    size: bytes.length,
    sha256: sha256(bytes),
    mode: (fields.mode ?? 0o644) & 0o777,
  };
  return { claim, bytes: Buffer.concat([header(name, bytes.length, fields), padded(bytes)]) };
}

export function folder(name: string, mode = 0o755): Part {
  const claim: Claim = { path: name, type: 'dir', size: 0, mode: mode & 0o777 };
  return { claim, bytes: header(`${name}/`, 0, { type: '5', mode }) };
}

export function link(name: string, target: string): Part {
  const claim: Claim = { path: name, type: 'symlink', size: 0, mode: 0o777, target };
  return { claim, bytes: header(name, 0, { type: '2', link: target, mode: 0o777 }) };
}

/** A hard link. No index can say so: the forger calls it an empty file. */
export function hardLink(name: string, target: string): Part {
  return special(name, { type: '1', link: target });
}

/** A member of a type that the index has no word for; the forger calls it an empty file. */
export function special(name: string, fields: HeaderFields): Part {
  const claim: Claim = { path: name, type: 'file', size: 0, sha256: sha256(Buffer.alloc(0)), mode: 0o644 };
  return { claim, bytes: header(name, 0, fields) };
}

/** Bytes that the index says nothing about. */
export function hidden(...bytes: Buffer[]): Part {
  return { bytes: Buffer.concat(bytes) };
}

/** A pax record; `length` replaces the true one. */
export function record(key: string, value: Bytes, length?: number): Buffer {
  const body = Buffer.concat([raw(` ${key}=`), raw(value), raw('\n')]);
  let total = body.length + 1;
  while (String(total).length + body.length !== total) total = String(total).length + body.length;
  return Buffer.concat([raw(String(length ?? total)), body]);
}

/** A pax header with these records: for the next member, or (`g`) for all that follow. */
export function paxHeader(records: readonly Bytes[], type: 'x' | 'g' = 'x'): Buffer {
  const body = Buffer.concat(records.map(raw));
  return Buffer.concat([header('PaxHeader/x', body.length, { type }), padded(body)]);
}

/** A member with headers of any kind before its own. */
export function preceded(by: Buffer, part: Part): Part {
  return { ...part, bytes: Buffer.concat([by, part.bytes]) };
}

/** A file whose name stands in a pax header alone. */
export function paxFile(name: string, content = 'x'): Part {
  return preceded(paxHeader([record('path', name)]), file('short', content, { claimed: name }));
}

/** GNU's way to spell a long name. */
export function longName(name: string): Buffer {
  const body = raw(`${name}\0`);
  return Buffer.concat([header('././@LongLink', body.length, { type: 'L', magic: 'ustar  \0' }), padded(body)]);
}

/** The same member, of which the index says something else. */
export function claimed(part: Part, lie: Partial<Claim>): Part {
  return part.claim === undefined ? part : { ...part, claim: { ...part.claim, ...lie } };
}

/** A member that there is no reason to refuse. */
export const innocent = (): Part => file('deployments/ok.json', '{"ok":1}');
