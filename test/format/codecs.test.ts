import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeIndexLine, encodeIndexLine } from '../../src/core/format/index-line.ts';
import { memberBytes, writeHeader } from '../../src/core/format/member-header.ts';
import { isPlain } from '../../src/core/format/plain-header.ts';
import { encodeSeekTable, parseSeekTable, PIECE_BYTES, seekTableSize } from '../../src/core/format/seek-table.ts';
import { decodeHeader, headerLength } from '../../src/core/format/tar-decode.ts';
import { encodeHeader, headerSeconds } from '../../src/core/format/tar-header.ts';
import { MAX_SIZE } from '../../src/core/format/ustar.ts';
import { decodePlainHeader } from '../../src/core/format/tar-plain.ts';
import { pathProblem } from '../../src/core/paths/paths.ts';
import { comparePaths, type Entry, type ScannedEntry } from '../../src/core/model/entry.ts';
import { tempFolder } from '../support/temp-folder.ts';

const part = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), fc.string({ minLength: 1, maxLength: 200 }))
  .filter((text) => pathProblem(text) === null && !text.includes('/'));
const goodPath = fc
  .array(part, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join('/'))
  .filter((p) => pathProblem(p) === null);

const scanned: fc.Arbitrary<ScannedEntry> = fc
  .record({
    category: fc.constant('c'),
    source: fc.constant('s'),
    path: goodPath,
    type: fc.constantFrom('file', 'dir', 'symlink'),
    size: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 45 })),
    mode: fc.integer({ min: 0, max: 0o777 }),
    mtimeNs: fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n }),
    uid: fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 2 ** 32 - 2 })),
    gid: fc.nat(),
    target: goodPath,
  })
  .map(({ target, ...entry }): ScannedEntry => {
    if (entry.type === 'file') return { ...entry, type: 'file' };
    const type = entry.type === 'dir' ? 'dir' : 'symlink';
    return type === 'dir' ? { ...entry, type, size: 0 } : { ...entry, type, size: 0, target };
  });

test('a header decodes to the entry that it was made from', () => {
  fc.assert(
    fc.property(scanned, (entry) => {
      const bytes = encodeHeader(entry);
      expect(headerLength(bytes.subarray(0, 512))).toBe(bytes.length);
      const { category: _c, source: _s, mtimeNs, ...rest } = entry;
      expect(decodeHeader(bytes)).toEqual({ ...rest, mtime: headerSeconds(mtimeNs), headerBytes: bytes.length });
      expect(encodeHeader(entry).equals(bytes)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

const asciiName = fc.stringMatching(/^[A-Za-z0-9_. -]{1,110}$/).filter((text) => pathProblem(text) === null);

test('a header that one block holds is byte by byte what node-tar makes of it, and what needs more is left to node-tar', () => {
  let plain = 0;
  const short = fc.record({
    entry: scanned,
    path: asciiName,
    size: fc.oneof(fc.nat(), fc.constantFrom(MAX_SIZE, 8 ** 10)),
    uid: fc.nat(2 ** 21),
    mtimeNs: fc.bigInt({ min: 0n, max: 8n ** 11n * 10n ** 9n }),
  });
  fc.assert(
    fc.property(short, ({ entry: odd, path: name, size, uid, mtimeNs }) => {
      const entry = { ...odd, path: name, size: odd.type === 'file' ? size : 0, uid, gid: uid, mtimeNs };
      const { target, ...rest } = entry;
      const usual = target === undefined ? entry : { ...rest, target: name };
      for (const one of [odd, entry, usual]) {
        const block = Buffer.alloc(4096, 0xaa);
        const bytes = writeHeader(one, block, 8);
        expect(block.subarray(8, 8 + bytes).equals(encodeHeader(one))).toBe(true);
        expect(block.subarray(8 + bytes).every((byte) => byte === 0xaa)).toBe(true);
        expect(memberBytes(one)).toBe(bytes + Math.ceil(one.size / 512) * 512);
        if (isPlain(one)) plain++;
      }
    }),
    { numRuns: 1000 },
  );
  expect(plain).toBeGreaterThan(500);
});

const plain: ScannedEntry = {
  category: 'c',
  source: 's',
  path: 'deployments/mainnet/Token.json',
  type: 'file',
  size: 1234,
  mode: 0o644,
  mtimeNs: 1_700_000_000_000_000_000n,
  uid: 1000,
  gid: 100,
};

test('the short way to decode a header takes what is plain, and says the same of it as the long one, whatever its bytes', () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 0x20, 0x2f, 0x30, 0x35, 0x37, 0x38));
  let taken = 0;
  for (const entry of [plain, { ...plain, type: 'dir', size: 0 } as const]) {
    expect(decodePlainHeader(encodeHeader(entry))).toEqual(decodeHeader(encodeHeader(entry)));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(511), byte), { maxLength: 3 }), fc.boolean(), (changes, mend) => {
        const block = encodeHeader(entry);
        for (const [at, value] of changes) block[at] = value;
        if (mend) {
          block.fill(' ', 148, 156);
          block.write(
            `${block
              .reduce((sum, each) => sum + each, 0)
              .toString(8)
              .padStart(6, '0')}\0 `,
            148,
            'latin1',
          );
        }
        const short = decodePlainHeader(block);
        if (short === null) return;
        taken++;
        expect(headerLength(block)).toBe(512);
        expect(decodeHeader(block)).toEqual(short);
      }),
      { numRuns: 2000 },
    );
  }
  expect(taken).toBeGreaterThan(500);
});

test.each(['file', 'dir', 'symlink'] as const)(
  'a %s whose name is split between prefix and name, at every length',
  (type) => {
    const facts = { category: 'c', source: 's', size: 0, mode: 0o755, mtimeNs: 0n, uid: 0, gid: 0 };
    for (const step of [1, 5, 60]) {
      for (let length = 90; length < 300; length++) {
        const name = Array.from({ length }, (_, at) => (at % (step + 1) === step && at < length - 1 ? '/' : 'a')).join(
          '',
        );
        const decoded = decodeHeader(
          encodeHeader({ ...facts, type, path: name, ...(type === 'symlink' ? { target: name } : {}) }),
        );
        expect(decoded).toMatchObject({ type, path: name });
      }
    }
  },
);

test('a header with any byte outside of its checksum field changed is refused', () => {
  fc.assert(
    fc.property(scanned, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, by) => {
      const bytes = encodeHeader(entry);
      const block = bytes.subarray(bytes.length - 512);
      // The checksum field (148 to 155) has fill bytes that mean nothing; the frame's own checksum covers those.
      const place = at % 504 < 148 ? at % 504 : (at % 504) + 8;
      block[place] = (block[place] ?? 0) ^ by;
      expect(typeof decodeHeader(bytes)).toBe('string');
    }),
    { numRuns: 500 },
  );
});

test('GNU tar unpacks what we encode', () => {
  using temp = tempFolder();
  const names = [
    'a',
    'é/ü.json',
    `${'long/'.repeat(40)}end`,
    'it\'s "q" 😀.md',
    'x'.repeat(150),
    `dir/${'y'.repeat(120)}`,
  ];
  const content = Buffer.from('content');
  const common = { category: 'c', source: 's', mode: 0o640, mtimeNs: 1_600_000_000n * 10n ** 9n, uid: 0, gid: 0 };
  const members = names
    .toSorted(comparePaths)
    .flatMap((name) => [
      encodeHeader({ ...common, path: name, type: 'file', size: content.length }),
      Buffer.concat([content, Buffer.alloc(512 - content.length)]),
    ]);
  const link = { ...common, path: 'zlink', type: 'symlink', size: 0, target: `${'t'.repeat(120)}/ü` } as const;
  writeFileSync(path.join(temp.path, 'a.tar'), Buffer.concat([...members, encodeHeader(link), Buffer.alloc(1024)]));
  const out = path.join(temp.path, 'out');
  mkdirSync(out);
  execFileSync('tar', ['-xpf', path.join(temp.path, 'a.tar'), '-C', out]);
  for (const name of names) {
    expect(readFileSync(path.join(out, name)).equals(content), name).toBe(true);
    expect(lstatSync(path.join(out, name)).mode & 0o777).toBe(0o640);
  }
  expect(readlinkSync(path.join(out, 'zlink'))).toBe(link.target);
});

test('an index line decodes to its entry', () => {
  fc.assert(
    fc.property(scanned, fc.nat(), (entry, offset) => {
      const full: Entry = { ...entry, offset, ...(entry.type === 'file' ? { sha256: 'a'.repeat(64) } : {}) };
      const line = encodeIndexLine(full);
      expect(decodeIndexLine(line.trimEnd())).toEqual(full);
      // What docs/format.md says of it: one JSON object, as any program would write it.
      expect(line).toBe(`${JSON.stringify(JSON.parse(line))}\n`);
    }),
  );
});

test('an index line of anything else is refused with a reason, never thrown', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => typeof decodeIndexLine(line) === 'string'));
  const hostile = '{"__proto__":{"category":"c"},"constructor":1,"path":"x"}';
  expect(decodeIndexLine(hostile)).toBe('no category or source');
});

test('a seek table parses to its frames, and does not fit a file of another size', () => {
  const frames = fc.array(fc.integer({ min: 1, max: PIECE_BYTES }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: PIECE_BYTES }), (sizes, last) => {
      const rows = sizes.map((compressedSize, at) => ({
        compressedSize,
        size: at === sizes.length - 1 ? last : PIECE_BYTES,
      }));
      const table = encodeSeekTable(rows);
      const fileSize = table.length + sizes.reduce((sum, size) => sum + size, 0);
      expect(seekTableSize(table.subarray(-9), fileSize)).toEqual({ size: table.length });
      const parsed = parseSeekTable(table, fileSize);
      expect('frames' in parsed && parsed.frames.map(({ compressedSize, size }) => ({ compressedSize, size }))).toEqual(
        rows,
      );
      expect(parseSeekTable(table, fileSize + 1)).toHaveProperty('problem');
    }),
  );
});

test('paths are ordered by the bytes of their parts', () => {
  const key = (text: string): Buffer => Buffer.from(text.replaceAll('/', '\0'));
  fc.assert(
    fc.property(
      goodPath,
      goodPath,
      (a, b) => Math.sign(comparePaths(a, b)) === Math.sign(Buffer.compare(key(a), key(b))),
    ),
  );
});

test('paths that differ late, in parts that begin alike, are ordered by bytes too', () => {
  // Around "/" (0x2f) and the places where UTF-16 and UTF-8 order apart: below, in and above the surrogates.
  const unit = fc.constantFrom(
    'a',
    '/',
    '.',
    '-',
    ' ',
    '!',
    '0',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffee',
    '😀',
    '\u{10ffff}',
  );
  const text = fc.array(unit, { minLength: 1, maxLength: 6 }).map((units) => units.join(''));
  const key = (of: string): Buffer => Buffer.from(of.replaceAll('/', '\0'));
  fc.assert(
    fc.property(text, text, text, (head, a, b) => {
      const [left, right] = [head + a, head + b];
      expect(Math.sign(comparePaths(left, right))).toBe(Math.sign(Buffer.compare(key(left), key(right))));
    }),
    { numRuns: 3000 },
  );
  expect(['a.b', 'a/b', 'a', 'a-b', 'a/'].toSorted(comparePaths)).toEqual(['a', 'a/', 'a/b', 'a-b', 'a.b']);
});

test('a good path has only good parts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      if (pathProblem(text) !== null) return;
      expect(path.posix.normalize(text)).toBe(text);
      expect(path.posix.isAbsolute(text) || text.split('/').includes('..')).toBe(false);
    }),
  );
});
