import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import { TreeWriter } from '../../src/core/transaction/tree-writer.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { exchange, withFault } from './support/faults.ts';

/** Big chunks, which are written on libuv's pool, between small ones, which are not. */
const CHUNKS = [3, 1 << 20, 700_000, 1, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 300_000, 17];
const CONTENT = CHUNKS.map((size, at) => Buffer.alloc(size, `${at}`));
const WHOLE = Buffer.concat(CONTENT);
const ENTRY: ScannedEntry = {
  category: 'c',
  source: 's',
  path: 'big',
  type: 'file',
  size: WHOLE.length,
  mode: 0o640,
  mtimeNs: 1_763_855_999_000_000_000n,
  uid: 0,
  gid: 0,
};

async function writeBig(base: string): Promise<void> {
  const writer = new TreeWriter(base);
  try {
    writer.beginFile(path.join(base, 'big'));
    for (const chunk of CONTENT) {
      const bytes = Buffer.from(chunk);
      let isRetained = false;
      const reuse = (): unknown => bytes.fill(0xff);
      const retain = (): (() => void) => {
        isRetained = true;
        return reuse;
      };
      await writer.write(bytes, { retain });
      // It is the caller's again once it is released, and no earlier.
      if (!isRetained) reuse();
    }
    await writer.endFile(ENTRY);
    await writer.finish();
  } finally {
    await writer.abort();
  }
}

type LateWrite = [number, Buffer, number, number, number, (error: Error | null, count: number) => void];

/** So few chunks that none is awaited before the end. */
async function writeThree(base: string): Promise<void> {
  const writer = new TreeWriter(base);
  try {
    writer.beginFile(path.join(base, 'three'));
    for (let chunk = 0; chunk < 3; chunk++) await writer.write(Buffer.alloc(1 << 20, chunk + 1));
    await writer.endFile({ ...ENTRY, size: 3 << 20 });
  } finally {
    await writer.abort();
  }
}

test('chunks stand in their order, however many are under way at once', async () => {
  using temp = tempFolder();
  await writeBig(temp.path);
  const file = path.join(temp.path, 'big');
  expect(fs.readFileSync(file).equals(WHOLE)).toBe(true);
  expect(fs.statSync(file).mode & 0o777).toBe(0o640);
  expect(fs.statSync(file).mtimeMs).toBe(1_763_855_999_000);
});

describe('runs of zeros become holes', () => {
  const KIB = 1024;
  const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);
  const data = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');

  /** Writes what the parts make together in chunks of about one piece of an archive; they begin where a member begins, at no block. */
  async function write(base: string, parts: readonly Buffer[]): Promise<fs.Stats> {
    const content = Buffer.concat(parts);
    const file = path.join(base, 'sparse');
    const writer = new TreeWriter(base);
    try {
      writer.beginFile(file);
      for (let at = 0, end = (1 << 20) - 1536; at < content.length; at = end, end += 1 << 20)
        await writer.write(Buffer.from(content.subarray(at, end)));
      await writer.endFile({ ...ENTRY, size: content.length });
      await writer.finish();
    } finally {
      await writer.abort();
    }
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    return fs.statSync(file);
  }

  test.each([
    ['a hole in the middle', [data(5000), zeros(6 << 20), data(70 * KIB)], 200],
    ['a hole at the end', [data(5000), zeros((3 << 20) + 77)], 80],
    ['nothing but a hole', [zeros(5 << 20)], 0],
    ['holes between data that meets no block', [zeros(300 * KIB + 9), data(9), zeros(2 << 20), data(1), zeros(1)], 140],
    ['zeros in a small file stay', [data(100), zeros(40 * KIB)], 48],
    ['zeros with a byte among them stay', [zeros(30 * KIB), data(1), zeros(30 * KIB), data(1), zeros(30 * KIB)], 96],
  ])('%s', async (_, parts, mostKib) => {
    using temp = tempFolder();
    const { blocks } = await write(temp.path, parts);
    expect(blocks * 512).toBeLessThanOrEqual(mostKib * KIB);
  });

  test('a disk that refuses the length of a file that ends in a hole is heard', async () => {
    using temp = tempFolder();
    const parts = [data(5000), zeros(3 << 20)];
    const { calls } = await withFault(null, () => write(path.join(temp.path, 'whole'), parts));
    const at = calls.findIndex((call) => call.startsWith('ftruncateSync')) + 1;
    const { error, fired } = await withFault({ at, code: 'EIO' }, () => write(path.join(temp.path, 'failing'), parts));
    expect(fired).toMatch(/^ftruncateSync/);
    expect(error).toMatchObject({ code: 'EIO' });
  });
});

test.each(['ENOSPC', 'EIO'] as const)('%s in any write is thrown, and no descriptor stays open', async (code) => {
  using temp = tempFolder();
  const { calls } = await withFault(null, () => writeBig(path.join(temp.path, 'whole')));
  const writes = calls.flatMap((call, at) => (/^write(Sync)? /.test(call) ? [at + 1] : []));
  expect(writes).toHaveLength(CHUNKS.length);
  const open = fs.readdirSync('/proc/self/fd').length;
  for (const at of writes) {
    const { error, fired } = await withFault({ at, code }, () => writeBig(path.join(temp.path, `at-${at}`)));
    expect(fired).toMatch(/^write/);
    expect(error).toMatchObject({ code });
  }
  expect(fs.readdirSync('/proc/self/fd').length).toBe(open);
});

test('after a failed write the descriptor is closed only once the others have ended', async () => {
  using temp = tempFolder();
  const { write, closeSync } = fs;
  const happened: string[] = [];
  exchange(fs, 'write', (...[fd, bytes, offset, length, at, answer]: LateWrite) => {
    if (at === 0) setImmediate(answer, Object.assign(new Error('the disk is full'), { code: 'ENOSPC' }), 0);
    else {
      setTimeout(() => {
        happened.push('write');
        write(fd, bytes, offset, length, at, answer);
      }, 20);
    }
  });
  exchange(fs, 'closeSync', (fd: number) => {
    happened.push('close');
    closeSync(fd);
  });
  try {
    await expect(writeThree(temp.path)).rejects.toMatchObject({ code: 'ENOSPC' });
  } finally {
    exchange(fs, 'write', write);
    exchange(fs, 'closeSync', closeSync);
  }
  expect(happened).toEqual(['write', 'write', 'close']);
});

test('power that is lost before the sync takes what was written on the pool', async () => {
  using temp = tempFolder();
  const { calls } = await withFault(null, () => writeBig(path.join(temp.path, 'whole')));
  const sync = calls.findIndex((call) => call.startsWith('fsyncSync')) + 1;
  // Keeping the account of what is durable takes calls of its own.
  for (let at = sync; at < sync + CHUNKS.length; at++) {
    const base = path.join(temp.path, `lost-${at}`);
    const { fired } = await withFault({ at, code: 'power' }, () => writeBig(base));
    if (fired?.startsWith('fsyncSync') !== true) continue;
    expect(fs.statSync(path.join(base, 'big')).size).toBe(0);
    return;
  }
  expect.unreachable('the sync was never reached');
});

test('with one sync for all, an error of the disk while a big file is on its way to it is not lost', async () => {
  using temp = tempFolder();
  const write = async (name: string): Promise<void> => {
    const base = path.join(temp.path, name);
    const writer = new TreeWriter(base, () => Promise.resolve());
    try {
      writer.beginFile(path.join(base, 'big'));
      for (let piece = 0; piece < 10; piece++) await writer.write(Buffer.alloc(1 << 20, piece));
      await writer.endFile({ ...ENTRY, size: 10 << 20 });
      await writer.finish();
    } finally {
      await writer.abort();
    }
  };
  const { calls } = await withFault(null, () => write('whole'));
  const at = calls.findIndex((call) => call.startsWith('fdatasync')) + 1;
  expect(at).toBeGreaterThan(0);
  const open = fs.readdirSync('/proc/self/fd').length;
  const { error, fired } = await withFault({ at, code: 'EIO' }, () => write('failing'));
  expect(fired).toMatch(/^fdatasync/);
  expect(error).toMatchObject({ code: 'EIO' });
  expect(fs.readdirSync('/proc/self/fd').length).toBe(open);
});
