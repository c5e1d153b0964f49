import { describe, expect, test } from 'vitest';
import { decodeIndexLine, encodeIndexLine } from '../../src/core/format/index-line.ts';
import { encodeSeekTable, parseSeekTable, PIECE_BYTES, seekTableSize } from '../../src/core/format/seek-table.ts';
import type { Entry } from '../../src/core/model/entry.ts';

const FILE: Entry = {
  category: 'c',
  source: 's',
  path: 'a',
  type: 'file',
  size: 3,
  mode: 0o644,
  mtimeNs: 5n,
  uid: 0,
  gid: 0,
  sha256: 'a'.repeat(64),
  offset: 0,
};

/** The line of a good file with keys replaced; undefined leaves the key out. */
function line(change: Record<string, unknown>): string {
  const good: Record<string, unknown> = JSON.parse(encodeIndexLine(FILE));
  return JSON.stringify({ ...good, ...change });
}

describe('an index line', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a number for a path', { path: 1 }, 'no path'],
    ['an empty path', { path: '' }, 'no path'],
    ['a list for a category', { category: ['c'] }, 'no category or source'],
    ['no source', { source: undefined }, 'no category or source'],
    ['a type that we do not make', { type: 'hardlink' }, 'no known type'],
    ['a type that every object has', { type: 'constructor' }, 'no known type'],
    ['a negative size', { size: -1 }, 'a wrong size'],
    ['half a byte', { size: 0.5 }, 'a wrong size'],
    ['a size beyond exact numbers', { size: 2 ** 53 }, 'a wrong size'],
    ['a size as text', { size: '3' }, 'a wrong size'],
    ['a folder with content', { type: 'dir', sha256: undefined }, 'a wrong size'],
    ['a set-uid bit', { mode: '4755' }, 'a wrong mode'],
    ['a mode as a number', { mode: 420 }, 'a wrong mode'],
    ['a mode that is not octal', { mode: '0689' }, 'a wrong mode'],
    ['a time as a number', { mtimeNs: 5 }, 'a wrong mtimeNs'],
    ['a time in another form', { mtimeNs: '0x10' }, 'a wrong mtimeNs'],
    ['a time beyond 64 bits', { mtimeNs: '9223372036854775808' }, 'a wrong mtimeNs'],
    ['a negative uid', { uid: -1 }, 'a wrong uid or gid'],
    ['no gid', { gid: null }, 'a wrong uid or gid'],
    ['a negative offset', { offset: -512 }, 'a wrong offset'],
    ['a file without a checksum', { sha256: undefined }, 'a wrong sha256'],
    ['a checksum in capitals', { sha256: 'A'.repeat(64) }, 'a wrong sha256'],
    ['a folder with a checksum', { type: 'dir', size: 0 }, 'a wrong sha256'],
    ['a file with a target', { target: 'b' }, 'a wrong target'],
    ['a link without a target', { type: 'symlink', size: 0, sha256: undefined }, 'a wrong target'],
    ['a target with a NUL', { type: 'symlink', size: 0, sha256: undefined, target: 'a\0b' }, 'a wrong target'],
    ['a target too long', { type: 'symlink', size: 0, sha256: undefined, target: 'x'.repeat(4096) }, 'a wrong target'],
  ])('with %s', (_, change, problem) => {
    expect(decodeIndexLine(line({}))).toEqual(FILE);
    expect(decodeIndexLine(line(change))).toBe(problem);
  });

  test.each(['', '{', 'null', '[]', '1', '"text"', `${encodeIndexLine(FILE).trimEnd()} {}`])('that is %j', (text) => {
    expect(decodeIndexLine(text)).toMatch(/^no (valid JSON|object)$/);
  });

  test('takes nothing from __proto__, and gives nothing to it', () => {
    const inherited = `{"__proto__": ${encodeIndexLine(FILE).trimEnd()}}`;
    expect(decodeIndexLine(inherited)).toBe('no category or source');
    const polluting = line({}).replace('{', '{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}, ');
    const entry = decodeIndexLine(polluting);
    expect(entry).toEqual(FILE);
    expect(Object.getPrototypeOf(entry)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});

/** The table of these frames, and of a file that they fill. */
function table(rows: { compressedSize: number; size: number }[]): { bytes: Buffer; fileSize: number } {
  const bytes = encodeSeekTable(rows);
  return { bytes, fileSize: bytes.length + rows.reduce((sum, row) => sum + row.compressedSize, 0) };
}

describe('a seek table', () => {
  const full = { compressedSize: 100, size: PIECE_BYTES };

  test.each<[string, { compressedSize: number; size: number }[]]>([
    ['a frame of nothing', [full, { compressedSize: 10, size: 0 }]],
    ['a frame that would swell beyond a piece', [{ compressedSize: 10, size: PIECE_BYTES + 1 }]],
    ['a frame of 4 GiB', [{ compressedSize: 10, size: 0xffffffff }]],
    ['a short frame before the last', [{ compressedSize: 10, size: 5 }, full]],
  ])('with %s', (_, rows) => {
    const { bytes, fileSize } = table(rows);
    expect(parseSeekTable(bytes, fileSize)).toMatchObject({ problem: expect.stringContaining('bytes') });
  });

  test('that names more or fewer bytes than the file has', () => {
    const { bytes, fileSize } = table([full, full]);
    expect(parseSeekTable(bytes, fileSize)).toMatchObject({ frames: [{ position: 0 }, { position: 100 }] });
    for (const size of [fileSize - 1, fileSize + 1]) {
      expect(parseSeekTable(bytes, size)).toMatchObject({ problem: expect.stringContaining('the file has') });
    }
  });

  test('whose count is a lie: nothing is read or allocated for it', () => {
    const { bytes, fileSize } = table([full]);
    const footer = bytes.subarray(-9);
    expect(seekTableSize(footer, fileSize)).toEqual({ size: bytes.length });
    for (const count of [100, 1 << 27, 0xffffffff]) {
      footer.writeUInt32LE(count, 0);
      expect(seekTableSize(footer, fileSize)).toMatchObject({ problem: expect.stringContaining(`${count} frames`) });
    }
  });

  test.each([
    ['another magic at its end', -1],
    ['a descriptor that is not ours', -5],
  ])('with %s', (_, at) => {
    const { bytes, fileSize } = table([full]);
    const place = bytes.length + at;
    bytes[place] = (bytes[place] ?? 0) ^ 0x80;
    expect(seekTableSize(bytes.subarray(-9), fileSize)).toHaveProperty('problem');
  });

  test.each([[0], [3], [4], [7]])('with byte %i of its head changed', (at) => {
    const { bytes, fileSize } = table([full]);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(parseSeekTable(bytes, fileSize)).toHaveProperty('problem');
  });
});
