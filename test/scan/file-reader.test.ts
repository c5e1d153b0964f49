import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import { readFileInto, type MemberTarget } from '../../src/core/scan/file-reader.ts';
import { scannedEntry } from '../../src/core/scan/scan-item.ts';
import { put } from '../support/files.ts';
import { makeSource } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOM = 64 << 10;

/** Collects members in memory; `onRoom` runs whenever the reader asks where to put bytes, which is in the middle of a read. */
class MemoryTarget implements MemberTarget {
  readonly members: { entry: ScannedEntry; content: Buffer }[] = [];
  readonly needsDrain = false;
  begun = 0;
  rollbacks = 0;
  #open: { entry: ScannedEntry; parts: Buffer[] } | null = null;
  readonly #room = Buffer.alloc(ROOM);
  readonly #onRoom: (attempt: number) => void;

  constructor(onRoom: (attempt: number) => void = () => undefined) {
    this.#onRoom = onRoom;
  }

  begin(entry: ScannedEntry): number {
    expect(this.#open).toBeNull();
    this.#open = { entry, parts: [] };
    this.begun++;
    return 512;
  }

  reserve(): Buffer {
    this.#onRoom(this.begun);
    return this.#room;
  }

  commit(bytes: number): void {
    this.#open?.parts.push(Buffer.from(this.#room.subarray(0, bytes)));
  }

  end(): void {
    if (this.#open === null) throw new Error('no member is open');
    const content = Buffer.concat(this.#open.parts);
    expect(content.length).toBe(this.#open.entry.size);
    this.members.push({ entry: this.#open.entry, content });
    this.#open = null;
  }

  write(bytes: Uint8Array): void {
    this.reserve().set(bytes);
    this.commit(bytes.length);
  }

  async rollback(): Promise<void> {
    expect(this.#open).not.toBeNull();
    this.#open = null;
    this.rollbacks++;
  }

  async drain(): Promise<void> {
    await Promise.resolve();
  }
}

function scanned(file: string): ScannedEntry {
  return scannedEntry(makeSource({ path: '.' }), path.basename(file), 'file', fs.lstatSync(file, { bigint: true }));
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A file of random bytes and what was scanned of it, in a folder of its own. */
function makeFile(size: number) {
  const folder = tempFolder();
  const file = path.join(folder.path, 'file');
  const content = randomBytes(size);
  put(folder.path, 'file', content);
  return { file, content, entry: scanned(file), [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('a file that nobody touches', () => {
  test.each([[0], [1], [ROOM - 1], [ROOM], [ROOM + 1], [5 * ROOM + 7]])('of %i bytes', async (size) => {
    using made = makeFile(size);
    const target = new MemoryTarget();
    const inspected: Buffer[] = [];
    const outcome = await readFileInto(made.file, made.entry, target, {
      inspect: (bytes) => inspected.push(bytes),
    });
    expect(outcome).toMatchObject({ status: 'ok', entry: made.entry, sha256: sha256(made.content), offset: 512 });
    expect(target.members.map(({ content }) => content.equals(made.content))).toEqual([true]);
    expect(inspected.map((bytes) => bytes.equals(made.content))).toEqual([true]);
  });

  test('which changed since it was scanned is stored as it is now', async () => {
    using made = makeFile(10);
    fs.writeFileSync(made.file, 'longer than before');
    fs.chmodSync(made.file, 0o600);
    const target = new MemoryTarget();
    const outcome = await readFileInto(made.file, made.entry, target);
    expect(outcome).toMatchObject({
      status: 'ok',
      entry: { size: 18, mode: 0o600 },
      sha256: sha256(Buffer.from('longer than before')),
    });
  });
});

/** What may happen to a file while it is read. */
const CHANGES: [string, (file: string) => void][] = [
  ['grows', (file) => fs.appendFileSync(file, 'more')],
  ['is cut', (file) => fs.truncateSync(file, 3)],
  ['is emptied', (file) => fs.truncateSync(file, 0)],
  ['is rewritten at the same size', (file) => fs.writeFileSync(file, randomBytes(fs.statSync(file).size))],
  [
    'is rewritten at the same size and its time set back',
    (file) => {
      const { size, atime, mtime } = fs.statSync(file);
      fs.writeFileSync(file, randomBytes(size));
      fs.utimesSync(file, atime, mtime);
    },
  ],
];

describe.each([[1000], [3 * ROOM + 5]])('a file of %i bytes that changes while it is read', (size) => {
  test.each(CHANGES)('and %s once: it is read again, whole', async (_, change) => {
    using made = makeFile(size);
    let calls = 0;
    const target = new MemoryTarget(() => {
      // In the last room of the first attempt at the latest: what was read before is then from another moment.
      if (++calls === 1) change(made.file);
    });
    const inspected: Buffer[] = [];
    const outcome = await readFileInto(made.file, made.entry, target, {
      inspect: (bytes) => inspected.push(bytes),
    });
    const now = fs.readFileSync(made.file);
    expect(outcome).toMatchObject({ status: 'ok', sha256: sha256(now), entry: { size: now.length } });
    expect(target.members).toHaveLength(1);
    expect(target.members[0]?.content.equals(now)).toBe(true);
    expect(target.rollbacks).toBe(target.begun - 1);
    expect(inspected.map((bytes) => bytes.equals(now))).toEqual([true]);
  });

  test('every time: it is given up after three attempts, and nothing of it stays', async () => {
    using made = makeFile(size);
    const target = new MemoryTarget(() => fs.appendFileSync(made.file, 'x'));
    const outcome = await readFileInto(made.file, made.entry, target);
    expect(outcome).toMatchObject({ status: 'changed', message: expect.stringContaining('3 times') });
    // An attempt that finds the file too young to tell its next change by begins nothing.
    expect(target).toMatchObject({ members: [], rollbacks: target.begun });
    expect(target.begun).toBeGreaterThan(0);
  });
});

describe('a file whose name changes all the time', () => {
  /** Renames it to and fro before each stat that is taken of it, for as long as the scope lasts. */
  function renaming(file: string): Disposable {
    const thread = new Worker(
      `const fs = require('node:fs'); const { workerData: file } = require('node:worker_threads');
       for (;;) { fs.renameSync(file, file + '.away'); fs.renameSync(file + '.away', file); }`,
      { eval: true, workerData: file },
    );
    return { [Symbol.dispose]: () => void thread.terminate() };
  }

  test('is stored once it is met in its place', async () => {
    using made = makeFile(3 * ROOM);
    await setTimeout(50);
    using _renaming = renaming(made.file);
    await setTimeout(100);
    const target = new MemoryTarget();
    const lookAgain = async (): Promise<boolean> => setTimeout(1, true);
    expect(await readFileInto(made.file, made.entry, target, { lookAgain })).toMatchObject({ status: 'ok' });
    expect(target.members.map(({ content }) => content.equals(made.content))).toEqual([true]);
  });

  test('is given up once nobody wants to look again', async () => {
    using made = makeFile(10);
    fs.renameSync(made.file, `${made.file}.away`);
    let looks = 0;
    const lookAgain = async (): Promise<boolean> => ++looks < 4;
    const outcome = await readFileInto(made.file, made.entry, new MemoryTarget(), { lookAgain });
    expect([outcome.status, looks]).toEqual(['vanished', 4]);
  });

  test('and which is rewritten, its time set back, is not taken for one that is only renamed', async () => {
    using made = makeFile(3 * ROOM);
    await setTimeout(50);
    const { atime, mtime } = fs.statSync(made.file);
    const rewrite = (): void => {
      fs.writeFileSync(made.file, randomBytes(3 * ROOM));
      fs.utimesSync(made.file, atime, mtime);
    };
    rewrite();
    const target = new MemoryTarget(rewrite);
    expect(await readFileInto(made.file, made.entry, target)).toMatchObject({ status: 'changed' });
    expect(target).toMatchObject({ members: [], begun: 3, rollbacks: 3 });
  });
});

test('a file in a folder that was replaced by a link is not stored', async () => {
  using made = makeFile(10);
  const target = new MemoryTarget();
  const outcome = await readFileInto(made.file, made.entry, target, { isInPlace: () => false });
  expect(outcome).toMatchObject({ status: 'changed', message: 'is in a folder that was replaced by a link' });
  expect(target.members).toEqual([]);
});

describe('a file that is something else by the time it is read', () => {
  test.each<[string, string, (file: string) => void]>([
    ['gone', 'vanished', () => undefined],
    ['a link', 'changed', (file) => fs.symlinkSync('/etc/hostname', file)],
    ['a folder', 'changed', (file) => fs.mkdirSync(file)],
    ['a fifo', 'changed', (file) => void execFileSync('mkfifo', [file])],
    [
      'in a folder that is a file now',
      'vanished',
      (file) => {
        fs.rmdirSync(path.dirname(file));
        fs.writeFileSync(path.dirname(file), '');
      },
    ],
  ])('%s', async (_, status, change) => {
    using folder = tempFolder();
    const file = path.join(folder.path, 'sub/file');
    put(folder.path, 'sub/file');
    const entry = scanned(file);
    fs.rmSync(file);
    change(file);
    const target = new MemoryTarget();
    expect(await readFileInto(file, entry, target)).toMatchObject({ status });
    expect(target).toMatchObject({ members: [], begun: 0 });
  });

  test('replaced by another one while it is read: either is whole', async () => {
    using made = makeFile(3 * ROOM);
    const other = randomBytes(2 * ROOM);
    let calls = 0;
    const target = new MemoryTarget(() => {
      if (++calls !== 2) return;
      fs.writeFileSync(`${made.file}.new`, other);
      fs.renameSync(`${made.file}.new`, made.file);
    });
    const outcome = await readFileInto(made.file, made.entry, target);
    expect(outcome.status).toBe('ok');
    const [member] = target.members;
    expect([made.content, other].some((whole) => member?.content.equals(whole))).toBe(true);
  });

  test('closed to us', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'nothing is closed to root');
    using made = makeFile(10);
    fs.chmodSync(made.file, 0o000);
    expect(await readFileInto(made.file, made.entry, new MemoryTarget())).toMatchObject({ status: 'unreadable' });
  });
});

test('a failure of the archive is thrown, not blamed on the file', async () => {
  using made = makeFile(10);
  const full = Object.assign(new Error('disk failure'), { code: 'EIO' });
  const target = new MemoryTarget();
  target.commit = () => {
    throw full;
  };
  await expect(readFileInto(made.file, made.entry, target)).rejects.toBe(full);
});

test('against a process that rewrites the file all the time, what is stored is one of its versions', async () => {
  using made = makeFile(1);
  const size = 3 * ROOM;
  // Every version is one byte value all through: a mix of two would show.
  const script = `const fs = require('fs'); const fd = fs.openSync(process.argv[1], 'w'); fs.ftruncateSync(fd, ${size}); process.stdout.write('go');
    for (let v = 1; ; v = v % 255 + 1) { fs.writeSync(fd, Buffer.alloc(${size}, v), 0, ${size}, 0); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, v % 4); }`;
  const writer = spawn(process.execPath, ['-e', script, made.file], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(writer.stdout, 'data');
    const seen = { ok: 0, changed: 0 };
    for (let round = 0; round < 40; round++) {
      const target = new MemoryTarget();
      const outcome = await readFileInto(made.file, made.entry, target);
      if (outcome.status !== 'ok') {
        expect(outcome.status).toBe('changed');
        seen.changed++;
        continue;
      }
      seen.ok++;
      const content = target.members[0]?.content ?? Buffer.alloc(0);
      expect(content.length).toBe(size);
      expect(content.equals(Buffer.alloc(size, content[0]))).toBe(true);
    }
    expect(seen.ok + seen.changed).toBe(40);
  } finally {
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  }
});
