import type { TextEncoding } from './page-file.ts';

/** TEXT of a database as UTF-8. Invalid text stays invalid, byte for byte as SQLite converts it (src/utf.c, READ_UTF16LE, WRITE_UTF8). */
export function toUtf8(bytes: Buffer, encoding: TextEncoding): Buffer {
  if (encoding === 'utf8') return bytes;
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  if (encoding === 'utf16be') even.swap16();
  const text = even.toString('utf16le');
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : malformed(even);
}

/** SQLite treats any surrogate, with whatever follows it, as a pair. */
function malformed(units: Buffer): Buffer {
  const out: number[] = [];
  for (let at = 0; at < units.length;) {
    let point = units.readUInt16LE(at);
    at += 2;
    if (point >= 0xd800 && point < 0xe000 && at < units.length) {
      const second = units.readUInt16LE(at);
      at += 2;
      point = (second & 0x3ff) + ((point & 0x3f) << 10) + (((point & 0x3c0) + 0x40) << 10);
    }
    write(out, point);
  }
  return Buffer.from(out);
}

function write(out: number[], point: number): void {
  if (point < 0x80) out.push(point);
  else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
  else if (point < 0x10000) out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  else
    out.push(
      0xf0 | ((point >> 18) & 7),
      0x80 | ((point >> 12) & 0x3f),
      0x80 | ((point >> 6) & 0x3f),
      0x80 | (point & 0x3f),
    );
}
