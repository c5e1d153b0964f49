import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeIndexLine } from '../../src/core/format/index-line.ts';
import { parseSeekTable, seekTableSize } from '../../src/core/format/seek-table.ts';
import { decodeHeader, headerLength } from '../../src/core/format/tar-decode.ts';
import { frameProblem } from '../../src/core/format/zstd-frame.ts';
import { escapeName } from '../../src/core/paths/names.ts';
import { foldKey, pathProblem } from '../../src/core/paths/paths.ts';
import { manifestSchema } from '../../src/core/model/manifest.ts';
import { parseSums } from '../../src/core/format/sums.ts';
import { header, paxHeader, record } from './support/tar-parts.ts';
import { answers, cases, noise as bytes, TIMEOUT_MS, watch } from './support/fuzz.ts';
import { RAW_CONTROL } from './support/raw-control.ts';

const tick = watch();
const RUNS = cases(200, 40_000);

const block = fc.uint8Array({ minLength: 512, maxLength: 512 }).map((array) => Buffer.from(array));

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
        fc.property(block, (raw) => {
          tick();
          answers(() => [headerLength(raw), decodeHeader(raw)]);
        }),
        RUNS,
      );
      fc.assert(
        fc.property(fields, ({ name, ...rest }) => {
          tick();
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
          tick();
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
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (line) => {
          tick();
          answers(() => decodeIndexLine(line));
        }),
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
          tick();
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
          tick();
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
        fc.property(fc.anything(), (value) => {
          tick();
          answers(() => manifestSchema.safeParse(value));
        }),
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
          tick();
          answers(() => [pathProblem(name), foldKey(name)]);
          expect(escapeName(name)).not.toMatch(RAW_CONTROL);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});
