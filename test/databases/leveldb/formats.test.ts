import { expect, test } from 'vitest';
import { crc32c, maskCrc, unmaskCrc } from '../../../src/core/databases/leveldb/format/crc32c.ts';
import { DatabaseDigest } from '../../../src/core/databases/leveldb/proof/digest.ts';
import { scanLog, type LogScan } from '../../../src/core/databases/leveldb/format/log-format.ts';
import { manifestNamedBy, parseFileName } from '../../../src/core/databases/leveldb/format/names.ts';
import { bufferBytes } from '../../../src/core/databases/database-files.ts';
import { isEngineFile, isVolatileFile } from '../../../src/core/databases/leveldb/format/recognise.ts';
import { uncompressSnappy } from '../../../src/core/databases/leveldb/format/snappy.ts';
import { ByteReader, DecodeError, encodeVarint } from '../../../src/core/databases/leveldb/format/varint.ts';
import { decodeVersionEdit } from '../../../src/core/databases/leveldb/format/version-edit.ts';
import { logRecord } from '../../support/leveldb/write-database.ts';

const record = (type: number, payload: Buffer): Buffer => logRecord(payload, type);

function scan(log: Buffer, keep?: number): LogScan & { payloads: string[] } {
  const payloads: string[] = [];
  const collect = (payload: Buffer): unknown => payloads.push(payload.toString('latin1'));
  const result = scanLog(bufferBytes(log), collect, keep === undefined ? {} : { keep });
  return { ...result, payloads };
}

const ONE = record(1, Buffer.from('one'));
const TWO = record(1, Buffer.from('two'));

test('crc32c: the vectors of RFC 3720 B.4, and the mask is reversible', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e);
  expect(crc32c(Buffer.from('world'), 0, 5, crc32c(Buffer.from('hello ')))).toBe(crc32c(Buffer.from('hello world')));
  expect(unmaskCrc(maskCrc(0xdeadbeef))).toBe(0xdeadbeef);
});

test.each([0, 1, 127, 128, 300, 2 ** 32, Number.MAX_SAFE_INTEGER])('varint %d', (value) => {
  expect(new ByteReader(encodeVarint(value)).varint()).toBe(value);
});

test('a varint beyond 2^53 and one that is cut off do not decode', () => {
  expect(() => new ByteReader(Buffer.alloc(9, 0xff)).varint()).toThrow('end inside');
  expect(() => new ByteReader(Buffer.from('ffffffffffffffffff01', 'hex')).varint()).toThrow('2^53');
});

test('file names', () => {
  expect(parseFileName('000123.ldb')).toEqual({ type: 'table', number: 123 });
  expect(parseFileName('000123.sst')).toEqual({ type: 'table', number: 123 });
  expect(parseFileName('MANIFEST-000004')).toEqual({ type: 'manifest', number: 4 });
  expect(parseFileName('notes.log')).toBeNull();
  expect(parseFileName('99999999999999999999.log')).toBeNull();
  expect(isEngineFile('LOCK') && isVolatileFile('LOCK') && isVolatileFile('LOG.old')).toBe(true);
  expect(isVolatileFile('000001.log')).toBe(false);
  expect(manifestNamedBy('MANIFEST-000004\n')).toBe('MANIFEST-000004');
  expect(manifestNamedBy('MANIFEST-000004')).toBeNull();
});

test('a log: whole records, fragments, a torn tail, a tail of zeros', () => {
  expect(scan(Buffer.concat([ONE, TWO]))).toMatchObject({ payloads: ['one', 'two'], tail: 'clean', corruption: null });
  const fragments = Buffer.concat([
    record(2, Buffer.from('a')),
    record(3, Buffer.from('b')),
    record(4, Buffer.from('c')),
  ]);
  expect(scan(fragments)).toMatchObject({ payloads: ['abc'], tail: 'clean' });
  expect(scan(fragments, 2)).toMatchObject({ payloads: ['ab'], records: 1 });
  for (let cut = 1; cut < TWO.length; cut++) {
    const torn = scan(Buffer.concat([ONE, TWO.subarray(0, cut)]));
    expect(torn).toMatchObject({ payloads: ['one'], tail: 'partial', validEnd: ONE.length, corruption: null });
  }
  expect(scan(Buffer.concat([ONE, Buffer.alloc(100)]))).toMatchObject({ tail: 'zeros', validEnd: ONE.length });
});

test('a log: everything else is corruption, with its offset', () => {
  const flipped = Buffer.concat([ONE, TWO]);
  flipped[ONE.length + 8] = 0;
  expect(scan(flipped).corruption?.offset).toBe(ONE.length);
  expect(scan(Buffer.concat([ONE, Buffer.alloc(100), TWO])).corruption?.offset).toBe(ONE.length);
  expect(scan(record(4, Buffer.from('x'))).corruption?.why).toMatch('no beginning');
  expect(scan(Buffer.concat([record(2, Buffer.from('x')), ONE])).corruption?.why).toMatch('no end');
});

test('a record whose length reaches past the end is a torn tail only if nothing whole follows it', () => {
  for (const bit of [3, 7]) {
    const log = Buffer.concat([ONE, TWO, ONE]);
    log[ONE.length + 4] = (log[ONE.length + 4] ?? 0) ^ (1 << bit);
    expect(scan(log)).toMatchObject({ payloads: ['one'], corruption: { offset: ONE.length } });
    expect(scan(log.subarray(0, ONE.length + TWO.length))).toMatchObject({ tail: 'partial', corruption: null });
  }
});

test('Snappy: literals, overlapping copies, and blocks that lie', () => {
  expect(uncompressSnappy(Buffer.from([8, 0x04, 0x61, 0x62, 0x09, 2])).toString()).toBe('abababab'.slice(0, 8));
  expect(() => uncompressSnappy(Buffer.from([4, 0x04, 0x61, 0x62]))).toThrow('shorter');
  expect(() => uncompressSnappy(Buffer.from([8, 0x00, 0x61, 0x09, 2]))).toThrow('outside');
  expect(() => uncompressSnappy(Buffer.concat([encodeVarint(2 ** 31), Buffer.from([0])]))).toThrow('impossible');
});

test('a tag or a level that LevelDB does not have is foreign', () => {
  expect(() => decodeVersionEdit(Buffer.from([100]), 'MANIFEST-000001')).toThrow('tag 100');
  expect(() => decodeVersionEdit(Buffer.from([6, 9, 1]), 'MANIFEST-000001')).toThrow('level 9');
});

test('a table whose first or last key has no room for a sequence number does not decode', () => {
  const added = (smallest: number, largest: number): Buffer =>
    Buffer.from([7, 1, 5, 9, smallest, ...Buffer.alloc(smallest), largest, ...Buffer.alloc(largest)]);
  expect(decodeVersionEdit(added(8, 8), 'MANIFEST-000001').added).toHaveLength(1);
  expect(() => decodeVersionEdit(added(7, 8), 'MANIFEST-000001')).toThrow(DecodeError);
  expect(() => decodeVersionEdit(added(8, 7), 'MANIFEST-000001')).toThrow(DecodeError);
});

test('digest v1: a value larger than the buffer, against the definition', async () => {
  const { createHash } = await import('node:crypto');
  const value = Buffer.alloc(3_000_000, 5);
  const digest = new DatabaseDigest();
  digest.add(Buffer.from('kk'), 1, value, 0, value.length);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  const expected = createHash('sha256')
    .update(Buffer.from([1, 0, 0, 0, 0x6b]))
    .update(length)
    .update(value);
  expect(digest.finish()).toBe(expected.digest('hex'));
});
