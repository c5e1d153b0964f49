import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ArchiveWriter } from '../../src/core/format/archive-writer.ts';
import { PIECE_BYTES } from '../../src/core/format/seek-table.ts';
import type { Entry, ScannedEntry } from '../../src/core/model/entry.ts';
import { readFileInto } from '../../src/core/scan/file-reader.ts';
import { scannedEntry } from '../../src/core/scan/scan-item.ts';
import { inspectArchive, noise } from '../support/sample-archive.ts';
import { makeSource } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Writes to a real archive; `onRoom` runs whenever the reader asks where to put bytes, in the middle of a read. */
class DisturbedWriter extends ArchiveWriter {
  onRoom: (roomOfAttempt: number) => void = () => undefined;
  #rooms = 0;

  override begin(entry: ScannedEntry): number {
    this.#rooms = 0;
    return super.begin(entry);
  }

  override reserve(): Buffer {
    this.onRoom(++this.#rooms);
    return super.reserve();
  }
}

/**
 * Three files, the middle one of `size` bytes changed in the middle of its first `disturbed` attempts, read into one archive. Answers
 * with the outcome of the middle one and what is in the archive by our own reader and by stock tools.
 */
async function archiveDisturbed(size: number, disturbed: number, compression: 'zstd' | 'none') {
  using temp = tempFolder();
  const file = path.join(temp.path, 'c.tar');
  const writer = new DisturbedWriter(file, { compression, level: 1 });
  const entries: Entry[] = [];
  // When frames of a large file are under way already.
  const late = size > PIECE_BYTES ? 4 : 1;
  let attempts = 0;
  let status = '';
  for (const [name, length] of [
    ['a', 300_000],
    ['m', size],
    ['z', PIECE_BYTES + 5],
  ] as const) {
    const native = path.join(temp.path, name);
    fs.writeFileSync(native, noise(length, length));
    writer.onRoom = (room) => {
      if (name === 'm' && room === late && attempts++ < disturbed) fs.appendFileSync(native, noise(700, 5));
    };
    const scanned = scannedEntry(makeSource({ path: '.' }), name, 'file', fs.lstatSync(native, { bigint: true }));
    const outcome = await readFileInto(native, scanned, writer);
    if (name === 'm') status = outcome.status;
    if (outcome.status !== 'ok') continue;
    const { entry, sha256, offset } = outcome;
    entries.push({ ...entry, sha256, offset });
  }
  const facts = { ...(await writer.finish()), file: 'c.tar', compression };
  const seen = await inspectArchive({ file, facts, entries });
  const out = path.join(temp.path, 'out');
  fs.mkdirSync(out);
  const limit = { maxBuffer: 64 << 20 };
  const tar = compression === 'zstd' ? execFileSync('zstd', ['-dcq', file], limit) : fs.readFileSync(file);
  execFileSync('tar', ['-xf', '-', '-C', out], { input: tar });
  const unpacked = fs.readdirSync(out).toSorted();
  const sameAsDisk = unpacked.every((name) => {
    const now = fs.readFileSync(path.join(temp.path, name));
    return fs.readFileSync(path.join(out, name)).equals(now) && seen.good.get(name)?.equals(now);
  });
  return {
    status,
    attempts,
    findings: seen.findings,
    sha256Agrees: seen.sha256 === facts.sha256,
    unpacked,
    sameAsDisk,
  };
}

const CASES: [number, 'zstd' | 'none'][] = [200_000, 5 * PIECE_BYTES + 3].flatMap((size) => [
  [size, 'zstd'],
  [size, 'none'],
]);

test.each(CASES)('a file of %i bytes that settles is in the archive (%s) as it settled', async (size, compression) => {
  const result = await archiveDisturbed(size, 2, compression);
  expect(result).toMatchObject({ status: 'ok', findings: [], sha256Agrees: true, sameAsDisk: true });
  expect(result.unpacked).toEqual(['a', 'm', 'z']);
  expect(result.attempts).toBe(3);
});

test.each(CASES)(
  'a file of %i bytes that never settles leaves a sound archive (%s) without it',
  async (size, compression) => {
    const result = await archiveDisturbed(size, 99, compression);
    expect(result).toMatchObject({ status: 'changed', findings: [], sha256Agrees: true, sameAsDisk: true });
    expect(result.unpacked).toEqual(['a', 'z']);
  },
);
