import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../src/core/databases/leveldb/format/internal-key.ts';
import { scanLog } from '../../src/core/databases/leveldb/format/log-format.ts';
import { bufferBytes } from '../../src/core/databases/database-files.ts';
import { applyManifest } from '../../src/core/databases/leveldb/format/read-manifest.ts';
import { readDatabase } from '../../src/core/databases/leveldb/format/reader.ts';
import { uncompressSnappy } from '../../src/core/databases/leveldb/format/snappy.ts';
import { DecodeError, encodeVarint } from '../../src/core/databases/leveldb/format/varint.ts';
import { decodeVersionEdit, Version } from '../../src/core/databases/leveldb/format/version-edit.ts';
import { LogCursor, readBatch, type LogEntry } from '../../src/core/databases/leveldb/format/write-batch.ts';
import { logRecord, slice } from '../support/leveldb/write-database.ts';
import { answers, answersLater, cases, noise, TIMEOUT_MS, watch } from './support/fuzz.ts';
import {
  anyField,
  anyKey,
  anyTable,
  anyVarint,
  bytesUpTo,
  heldDatabase,
  logOf,
  manifestHead,
} from './support/leveldb-parts.ts';
import { damage } from './support/mutate.ts';

const tick = watch();

/** What a decoder deep inside throws for bytes that do not decode; whoever knows the file names it. */
function decodes(decode: () => unknown): void {
  answers(() => {
    try {
      decode();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  });
}

function recordsOf(log: Buffer): { records: Buffer[]; scan: ReturnType<typeof scanLog> } {
  const records: Buffer[] = [];
  const scan = scanLog(bufferBytes(log), (record) => void records.push(Buffer.from(record)));
  expect(scan.validEnd).toBeLessThanOrEqual(log.length);
  expect(scan.records).toBe(records.length);
  return { records, scan };
}

/** These records and no others are the first of those. */
function expectFirstOf(records: readonly Buffer[], written: readonly Buffer[]): void {
  expect(records.every((record, at) => written[at]?.equals(record) === true)).toBe(true);
}

const logRecords = fc.array(
  fc.oneof(
    bytesUpTo(64),
    fc.integer({ min: 32_000, max: 100_000 }).map((length) => Buffer.alloc(length, length % 251)),
  ),
  { maxLength: 5 },
);

test('log: any bytes, and any fragments with right checksums', { timeout: TIMEOUT_MS }, () => {
  const fragment = fc.tuple(bytesUpTo(40), fc.nat(6)).map(([payload, type]) => logRecord(payload, type));
  const log = fc.oneof(
    noise,
    fc.array(fc.oneof({ weight: 5, arbitrary: fragment }, bytesUpTo(9))).map((parts) => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(log, (bytes) => {
      tick();
      recordsOf(bytes);
    }),
    cases(300, 60_000),
  );
});

test(
  'log: what is cut off is a tail, the records before it are those that were written',
  { timeout: TIMEOUT_MS },
  () => {
    fc.assert(
      fc.property(logRecords, fc.nat(), (written, at) => {
        tick();
        const log = logOf(written);
        const whole = recordsOf(log);
        expect(whole.scan).toMatchObject({ records: written.length, tail: 'clean', corruption: null });
        expectFirstOf(whole.records, written);
        const { records, scan } = recordsOf(log.subarray(0, at % (log.length + 1)));
        expect(scan.corruption).toBeNull();
        expectFirstOf(records, written);
      }),
      cases(30, 2000),
    );
  },
);

test('log: one changed byte is never another record', { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(logRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, change) => {
      tick();
      const log = logOf([...written, Buffer.from('the last')]);
      const at = place % log.length;
      log.writeUInt8((log[at] ?? 0) ^ change, at);
      const { records, scan } = recordsOf(log);
      expectFirstOf(records, [...written, Buffer.from('the last')]);
      if (records.length <= written.length) expect(scan.corruption !== null || scan.tail !== 'clean').toBe(true);
    }),
    cases(30, 2000),
  );
});

test('write batch: any bytes, and back again', { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(bytesUpTo(200), fc.array(fc.tuple(bytesUpTo(9), fc.option(bytesUpTo(9)))), (bytes, pairs) => {
      tick();
      decodes(() => readBatch(bytes, []));
      const head = Buffer.alloc(12);
      head.writeUInt32LE(7, 0);
      head.writeUInt32LE(pairs.length, 8);
      decodes(() => readBatch(Buffer.concat([head, bytes]), []));
      const body = pairs.flatMap(([key, value]) =>
        value === null ? [Buffer.from([0]), slice(key)] : [Buffer.from([1]), slice(key), slice(value)],
      );
      const entries: LogEntry[] = [];
      expect(readBatch(Buffer.concat([head, ...body]), entries)).toEqual({ sequence: 7, count: pairs.length });
      expect(entries).toEqual(pairs.map(([key, value], at) => ({ key, value, sequence: 7 + at })));
      const cursor = new LogCursor(entries);
      for (let before: Buffer = Buffer.alloc(0); cursor.next(); before = cursor.key)
        expect(compareKeys(before, before.length, cursor.key, cursor.keyLength)).toBeLessThanOrEqual(0);
    }),
    cases(100, 20_000),
  );
});

test('MANIFEST: any bytes, and records of any fields', { timeout: TIMEOUT_MS }, () => {
  const edit = fc.oneof(
    bytesUpTo(80),
    fc.array(anyField, { maxLength: 8 }).map((parts) => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), noise, damage, (edits, bytes, change) => {
      tick();
      for (const record of edits) decodes(() => decodeVersionEdit(record, 'MANIFEST-000004'));
      const whole = logOf([manifestHead(6), ...edits]);
      for (const manifest of [whole, change(whole), bytes]) {
        const version = new Version();
        answers(() => applyManifest(bufferBytes(manifest), 'MANIFEST-000004', version));
        version.complete();
      }
    }),
    cases(100, 20_000),
  );
});

test('MANIFEST: a table and where it goes, and back again', { timeout: TIMEOUT_MS }, () => {
  const wholeKey = bytesUpTo(20).map((key) => Buffer.concat([key, Buffer.alloc(8)]));
  const table = fc.record({
    level: fc.nat(6),
    number: fc.maxSafeNat(),
    size: fc.maxSafeNat(),
    smallest: wholeKey,
    largest: wholeKey,
  });
  fc.assert(
    fc.property(fc.array(table), (added) => {
      tick();
      const fields = added.map(({ level, number, size, smallest, largest }) =>
        Buffer.concat([...[7, level, number, size].map(encodeVarint), slice(smallest), slice(largest)]),
      );
      const gone = added.map(({ level, number }) => Buffer.concat([6, level, number].map(encodeVarint)));
      const edit = decodeVersionEdit(Buffer.concat([...fields, ...gone]), 'MANIFEST-000004');
      expect(edit.added).toEqual(added);
      expect(edit.deleted).toEqual(added.map(({ level, number }) => ({ level, number })));
    }),
    cases(100, 10_000),
  );
});

test('Snappy: any bytes, and elements against what they spell', { timeout: TIMEOUT_MS }, () => {
  const element = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 100 }).map((array) => ({ literal: Buffer.from(array) })),
    fc.record({ back: fc.nat(0xffff), length: fc.integer({ min: 1, max: 64 }) }),
  );
  fc.assert(
    fc.property(fc.array(element), anyVarint, noise, damage, (elements, size, bytes, change) => {
      tick();
      decodes(() => uncompressSnappy(bytes));
      decodes(() => uncompressSnappy(Buffer.concat([size, bytes])));
      const { packed, plain } = snappy(elements);
      expect(uncompressSnappy(packed).equals(plain)).toBe(true);
      expect(uncompressSnappy(packed, Buffer.alloc(9000, 1)).equals(plain)).toBe(true);
      decodes(() => uncompressSnappy(change(packed)));
    }),
    cases(100, 20_000),
  );
});

type Element = { readonly literal: Buffer } | { readonly back: number; readonly length: number };

/** Literals of up to 100 bytes and two-byte copies, and the bytes that they stand for. */
function snappy(elements: readonly Element[]): { packed: Buffer; plain: Buffer } {
  const plain: number[] = [];
  const parts: Buffer[] = [];
  for (const element of elements) {
    if ('literal' in element) {
      const length = element.literal.length - 1;
      parts.push(Buffer.from(length < 60 ? [length << 2] : [60 << 2, length]), element.literal);
      plain.push(...element.literal);
      continue;
    }
    if (plain.length === 0) continue;
    const back = 1 + (element.back % plain.length);
    parts.push(Buffer.from([((element.length - 1) << 2) | 2, back & 0xff, back >> 8]));
    for (let done = 0; done < element.length; done++) plain.push(plain[plain.length - back] ?? 0);
  }
  return { packed: Buffer.concat([encodeVarint(plain.length), ...parts]), plain: Buffer.from(plain) };
}

test(
  'a database of any tables with right checksums, in any places, is read or named',
  { timeout: TIMEOUT_MS },
  async () => {
    const meta = fc.record({ level: fc.nat(2), table: anyTable, smallest: anyKey, largest: anyKey });
    await fc.assert(
      fc.asyncProperty(fc.array(meta, { minLength: 1, maxLength: 3 }), noise, damage, async (metas, log, change) => {
        tick();
        const added = metas.flatMap(({ level, table, smallest, largest }, at) => [
          ...[7, level, 10 + at, table.length].map(encodeVarint),
          slice(smallest),
          slice(largest),
        ]);
        const files = new Map([
          ['CURRENT', Buffer.from('MANIFEST-000004\n')],
          ['MANIFEST-000004', logRecord(Buffer.concat([manifestHead(6), ...added]))],
          ['000006.log', logOf([log])],
        ]);
        metas.forEach(({ table }, at) => files.set(`0000${10 + at}.ldb`, table));
        await answersLater(() => readDatabase(heldDatabase(files)));
        files.set('000006.log', Buffer.alloc(0));
        await answersLater(() => readDatabase(heldDatabase(files)));
        const [first] = metas;
        if (first !== undefined) files.set('000010.ldb', change(first.table));
        await answersLater(() => readDatabase(heldDatabase(files)));
      }),
      cases(50, 5000),
    );
  },
);
