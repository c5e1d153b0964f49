import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeIndexLine } from '../../src/core/archive/index-line.ts';
import { parseSeekTable, seekTableSize } from '../../src/core/archive/seek-table.ts';
import { decodeHeader, headerLength } from '../../src/core/archive/tar-decode.ts';
import { frameProblem } from '../../src/core/archive/zstd-frame.ts';
import { escapeName } from '../../src/core/fs/names.ts';
import { foldKey, pathProblem } from '../../src/core/fs/paths.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { manifestSchema } from '../../src/core/model/manifest.ts';
import { bufferBytes, type StoreFiles } from '../../src/core/sources/leveldb/random-access.ts';
import { readStore } from '../../src/core/sources/leveldb/reader.ts';
import { parseSums } from '../../src/core/store/sums.ts';
import { makeRealBackup } from '../support/real-backup.ts';
import { header, paxHeader, record } from './support/tar-parts.ts';
import { RAW_CONTROL } from './support/raw-control.ts';

const FULL = process.env['MIGBACKUP_FUZZ'] === 'full';
const RUNS = { numRuns: FULL ? 200_000 : 500 };
const STORE_RUNS = { numRuns: FULL ? 20_000 : 100 };
const TIMEOUT_MS = FULL ? 1_800_000 : 20_000;

const bytes = fc.uint8Array({ maxLength: 4096 }).map((array) => Buffer.from(array));
const block = fc.uint8Array({ minLength: 512, maxLength: 512 }).map((array) => Buffer.from(array));

/** Runs a decoder, which may only give a result or throw one of our errors. */
function answers(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
  }
}

/** A good header with fields of noise and a checksum that fits, so that the checks behind the checksum are reached. */
const fields = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 100 }),
  sizeRaw: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((array) => Buffer.from(array)),
  modeRaw: fc.string({ maxLength: 8 }),
  mtimeRaw: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((array) => Buffer.from(array)),
  link: fc.string({ unit: 'binary', maxLength: 100 }),
  type: fc.constantFrom('0', '1', '2', '5', 'x', 'g', 'L', '\0'),
});

describe('gives an answer for any bytes', () => {
  test(
    'tar header',
    () => {
      fc.assert(
        fc.property(block, (raw) => answers(() => [headerLength(raw), decodeHeader(raw)])),
        RUNS,
      );
      fc.assert(
        fc.property(fields, ({ name, ...rest }) => {
          const raw = header(name, 0, rest);
          answers(() => [headerLength(raw), decodeHeader(raw)]);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'pax header',
    () => {
      const key = fc.constantFrom('path', 'linkpath', 'size', 'mtime', 'uid', 'gid', '__proto__', 'comment');
      const records = fc.array(
        fc.tuple(key, fc.string({ unit: 'binary' }), fc.option(fc.integer(), { nil: undefined })),
      );
      fc.assert(
        fc.property(records, bytes, (list, noise) => {
          const good = list.map(([name, value, length]) => record(name, value, length));
          for (const body of [good, [noise]]) {
            const raw = Buffer.concat([paxHeader(body), header('a', 0)]);
            answers(() => [headerLength(raw.subarray(0, 512)), decodeHeader(raw)]);
          }
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'index line',
    () => {
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (line) => answers(() => decodeIndexLine(line))),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'seek table and zstd frame',
    () => {
      fc.assert(
        fc.property(bytes, fc.nat(), (raw, size) => {
          answers(() => seekTableSize(raw.subarray(-9), size));
          if (raw.length >= 17) answers(() => parseSeekTable(raw, size));
          answers(() => frameProblem(Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), raw])));
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'sums',
    () => {
      const line = fc.tuple(fc.constantFrom('', '\\'), fc.string({ unit: 'binary' }));
      fc.assert(
        fc.property(line, fc.string(), ([mark, name], rest) => {
          answers(() => parseSums(`${mark}${'a'.repeat(64)}  ${name}\n${rest}`));
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'manifest',
    () => {
      fc.assert(
        fc.property(fc.anything(), (value) => answers(() => manifestSchema.safeParse(value))),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'names',
    () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (name) => {
          answers(() => [pathProblem(name), foldKey(name)]);
          expect(escapeName(name)).not.toMatch(RAW_CONTROL);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});

test(
  'a database with any bytes changed, cut or added is read or named, never a crash',
  async () => {
    using backup = await makeRealBackup();
    const folder = path.join(backup.root, 'leveldb');
    const good = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
    const names = [...good.keys()].filter((name) => !['LOCK', 'LOG', 'LOG.old'].includes(name));
    const change = fc.record({
      name: fc.constantFrom(...names),
      at: fc.nat(),
      put: fc.uint8Array({ maxLength: 16 }),
      cut: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const files = new Map(good);
        for (const { name, at, put, cut } of changes) {
          const before = files.get(name) ?? Buffer.alloc(0);
          const place = at % (before.length + 1);
          const behind = cut ? Buffer.alloc(0) : before.subarray(place + put.length);
          files.set(name, Buffer.concat([before.subarray(0, place), put, behind]));
        }
        const store: StoreFiles = {
          names: () => names,
          open: (name) => bufferBytes(files.get(name) ?? Buffer.alloc(0)),
        };
        await readStore(store).catch((error: unknown) => {
          if (!(error instanceof BackupError)) throw error;
        });
      }),
      STORE_RUNS,
    );
  },
  TIMEOUT_MS,
);
