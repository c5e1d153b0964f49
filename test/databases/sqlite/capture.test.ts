import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { captureSqlite, type SqliteCaptureOptions } from '../../../src/core/databases/sqlite/capture/capture.ts';
import { connectionElsewhere } from '../../support/sqlite/connection-elsewhere.ts';
import { copyCapture } from '../../support/sqlite/copy-capture.ts';
import { identities } from '../../support/sqlite/identities.ts';
import { JOURNAL_MODES, makeSqlite, makeSqliteWithWal, textsIn } from '../../support/sqlite/make-sqlite.ts';
import { leaveSuperJournal } from '../../support/sqlite/super-journal.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Place extends Disposable {
  readonly dir: string;
  readonly file: string;
  readonly spool: string;
  readonly copy: string;
}

function place(): Place {
  const folder = tempFolder();
  const dir = path.join(folder.path, 'source');
  fs.mkdirSync(dir);
  fs.mkdirSync(path.join(folder.path, 'copy'));
  return {
    dir,
    file: path.join(dir, 'a.db'),
    spool: path.join(folder.path, 'spool'),
    copy: path.join(folder.path, 'copy', 'a.db'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Captures a database that nobody writes to, and sees that nothing beside it is changed; then what the copy holds. */
async function captured({ dir, file, spool, copy }: Place, options: Partial<SqliteCaptureOptions> = {}) {
  const before = identities(dir);
  const capture = await captureSqlite(file, { spool, ...options });
  expect(identities(dir)).toEqual(before);
  const { how, orphans, doubts } = capture;
  const parts = capture.files.map(({ name }) => name);
  copyCapture(capture, copy);
  expect(fs.existsSync(spool)).toBe(false);
  return { how, orphans, doubts, parts, texts: textsIn(copy) };
}

const READ = { how: 'read', orphans: [], doubts: [] } as const;

test.each(JOURNAL_MODES)('a database that was closed in mode %s is captured as it is', async (mode) => {
  using at = place();
  makeSqlite(at.file, { mode });
  fs.chmodSync(at.file, 0o640);
  fs.utimesSync(at.file, 1000.5, 2000.5);
  const { size } = fs.statSync(at.file);
  const capture = await captureSqlite(at.file, { spool: at.spool });
  expect(capture.files).toMatchObject([{ name: '', size, mode: 0o640, mtimeNs: 2_000_500_000_000n }]);
  expect(fs.statSync(at.spool).mode & 0o777).toBe(0o700);
  capture.close();
  expect(await captured(at)).toEqual({ ...READ, parts: [''], texts: 'ok: 300 old' });
  expect(fs.readFileSync(at.copy).length).toBe(size);
});

test('a database larger than what is copied at once is captured to the byte', async () => {
  using at = place();
  makeSqlite(at.file, { rows: 15_000 });
  expect(fs.statSync(at.file).size).toBeGreaterThan(3 << 20);
  const bytes = fs.readFileSync(at.file);
  copyCapture(await captureSqlite(at.file, { spool: at.spool }), at.copy);
  expect(fs.readFileSync(at.copy).equals(bytes)).toBe(true);
});

test.each(['normal', 'exclusive'])(
  'a database that is open in WAL mode is captured with its log (locking %s)',
  async (locking) => {
    using at = place();
    makeSqlite(at.file);
    await using writer = connectionElsewhere(at.file);
    await writer.ask('open');
    await writer.ask(`PRAGMA locking_mode=${locking}`);
    await writer.ask('PRAGMA journal_mode=WAL');
    await writer.ask("UPDATE t SET v = 'new' WHERE id <= 100");
    expect(fs.existsSync(`${at.file}-shm`)).toBe(locking === 'normal');
    expect(await captured(at)).toEqual({ ...READ, parts: ['', '-wal'], texts: 'ok: 100 new, 200 old' });
  },
);

const LOG = { rows: 300, text: 'old' };
const FRAME = 24 + 4096;

test.each<[string, (log: Buffer) => Buffer, string]>([
  [
    'ends inside a frame',
    (log) => Buffer.concat([log, log.subarray(32, 32 + FRAME / 2)]),
    'ok: 200 old, 100 old in wal',
  ],
  ['goes on with zeros', (log) => Buffer.concat([log, Buffer.alloc(FRAME * 3)]), 'ok: 200 old, 100 old in wal'],
  [
    'goes on with frames of another generation',
    (log) => Buffer.concat([log, log.subarray(32)]),
    'ok: 200 old, 100 old in wal',
  ],
  ['lacks its last commit', (log) => log.subarray(0, log.length - FRAME), 'ok: 300 old'],
  ['is torn in its first frame', (log) => flipped(log, 32 + 100), 'ok: 300 old'],
])('a log that %s is cut after its last commit', async (_, spoil, texts) => {
  using at = place();
  makeSqliteWithWal(at.file, LOG);
  const log = fs.readFileSync(`${at.file}-wal`);
  const isCommitted = texts.includes('in wal');
  fs.writeFileSync(`${at.file}-wal`, spoil(log));
  expect(textsOfRaw(at)).toBe(texts);
  const parts = isCommitted ? ['', '-wal'] : [''];
  expect(await captured(at)).toEqual({ ...READ, parts, texts });
  if (isCommitted) {
    const capture = await captureSqlite(at.file, { spool: at.spool });
    expect(capture.files[1]?.size).toBe(log.length);
    capture.close();
  }
});

test.each<[string, (log: Buffer) => Buffer]>([
  ['a header that does not sum up', (log) => flipped(log, 17)],
  ['another magic', (log) => flipped(log, 0)],
  ['less than a header', (log) => log.subarray(0, 20)],
  ['zeros', (log) => Buffer.alloc(log.length)],
])('a log with %s is left out and named, as SQLite takes it for empty', async (_, spoil) => {
  using at = place();
  makeSqliteWithWal(at.file, LOG);
  fs.writeFileSync(`${at.file}-wal`, spoil(fs.readFileSync(`${at.file}-wal`)));
  expect(textsOfRaw(at)).toBe('ok: 300 old');
  expect(await captured(at)).toEqual({ ...READ, orphans: ['-wal'], parts: [''], texts: 'ok: 300 old' });
});

test('an empty log, and an empty or zeroed journal, are not spoken of', async () => {
  using at = place();
  makeSqlite(at.file);
  fs.writeFileSync(`${at.file}-wal`, '');
  fs.writeFileSync(`${at.file}-journal`, '');
  expect(await captured(at)).toEqual({ ...READ, parts: [''], texts: 'ok: 300 old' });
  fs.writeFileSync(`${at.file}-journal`, Buffer.alloc(5000));
  expect(await captured(at)).toEqual({ ...READ, parts: [''], texts: 'ok: 300 old' });
});

test('a log beside an empty database file, which SQLite would delete, is stored and said', async () => {
  using at = place();
  makeSqliteWithWal(at.file, LOG);
  fs.truncateSync(at.file);
  const { parts, doubts, orphans } = await captured(at);
  expect({ parts, orphans }).toEqual({ parts: ['', '-wal'], orphans: [] });
  expect(doubts).toEqual([expect.stringContaining('SQLite deletes that log')]);
  expect(fs.existsSync(`${at.copy}-wal`)).toBe(false);
});

test('an empty file is an empty database', async () => {
  using at = place();
  fs.writeFileSync(at.file, '');
  expect(await captured(at)).toMatchObject({ ...READ, parts: [''] });
});

const KEPT = ['delete', 'truncate', 'persist'] as const;

test.each(KEPT)(
  'a transaction that is written and not committed is rolled back in the copy: alive and killed (%s)',
  async (mode) => {
    using at = place();
    makeSqlite(at.file, { rows: 1000 });
    const old = fs.readFileSync(at.file);
    await using writer = connectionElsewhere(at.file);
    for (const statement of ['open', `PRAGMA journal_mode=${mode}`, 'PRAGMA cache_size=5', 'BEGIN IMMEDIATE'])
      await writer.ask(statement);
    // Small enough to be in memory, and the journal is not synced yet: nothing is to be rolled back.
    await writer.ask("UPDATE t SET v = 'new' WHERE id = 1");
    expect(fs.statSync(`${at.file}-journal`).size).toBeGreaterThan(0);
    expect(await captured(at)).toEqual({ ...READ, parts: [''], texts: 'ok: 1000 old' });
    await writer.ask("UPDATE t SET v = 'new'");
    expect(fs.readFileSync(at.file).equals(old)).toBe(false);
    expect(await captured(at)).toEqual({ ...READ, parts: ['', '-journal'], texts: 'ok: 1000 old' });
    await writer[Symbol.asyncDispose]();
    expect(await captured(at)).toEqual({ ...READ, parts: ['', '-journal'], texts: 'ok: 1000 old' });
    const without = await captured(at, { sabotage: ['one-transaction'] });
    expect(without.texts).not.toBe('ok: 1000 old');
    // It would be rolled back, and then the journal would be gone.
    expect(textsIn(at.file)).toBe('ok: 1000 old');
  },
);

test('a journal that names a super-journal: captured by itself while that is there, and committed once it is gone', async () => {
  using at = place();
  const name = await leaveSuperJournal(at.file);
  const torn = fs.readFileSync(at.file);
  const there = await captured(at);
  expect(there).toMatchObject({
    ...READ,
    parts: ['', '-journal'],
    texts: 'ok: 1000 old',
    doubts: [/several databases/],
  });
  const capture = await captureSqlite(at.file, { spool: at.spool, sabotage: ['super-journal'] });
  fs.rmSync(name);
  copyCapture(capture, at.copy);
  expect(textsIn(at.copy)).not.toBe('ok: 1000 old');
  // SQLite takes what stands in the database file for committed.
  expect(await captured(at)).toMatchObject({ ...READ, parts: [''], orphans: ['-journal'] });
  fs.rmSync(at.copy);
  copyCapture(await captureSqlite(at.file, { spool: at.spool }), at.copy);
  expect(fs.readFileSync(at.copy).equals(torn)).toBe(true);
});

test.each<[string, (file: Buffer) => Buffer, string]>([
  ['cut inside its header', (file) => file.subarray(0, 50), 'DATABASE_DAMAGED'],
  ['a header alone', (file) => file.subarray(0, 100), 'DATABASE_DAMAGED'],
  ['cut inside its pages', (file) => file.subarray(0, 4096 * 3), 'DATABASE_DAMAGED'],
  ['zeroed', (file) => Buffer.alloc(file.length), 'DATABASE_DAMAGED'],
  ['of an impossible page size', (file) => withByte(file, 16, 3), 'DATABASE_DAMAGED'],
  ['of a newer format', (file) => withByte(file, 19, 3), 'DATABASE_FOREIGN'],
  ['encrypted', (file) => flipped(file, 0), 'DATABASE_FOREIGN'],
])('a database that is %s is refused', async (_, spoil, code) => {
  using at = place();
  makeSqlite(at.file);
  fs.writeFileSync(at.file, spoil(fs.readFileSync(at.file)));
  const before = identities(at.dir);
  const error: unknown = await captureSqlite(at.file, { spool: at.spool }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, path: 'a.db', message: expect.stringMatching(/^a\.db/) });
  expect(identities(at.dir)).toEqual(before);
  expect(fs.existsSync(at.spool)).toBe(false);
});

test('a log of a version that SQLite does not know is refused', async () => {
  using at = place();
  makeSqliteWithWal(at.file, LOG);
  const log = withByte(fs.readFileSync(`${at.file}-wal`), 7, 0xff);
  let [first, second] = [0, 0];
  for (let word = 0; word < 24; word += 8) {
    first = (first + log.readInt32LE(word) + second) | 0;
    second = (second + log.readInt32LE(word + 4) + first) | 0;
  }
  log.writeInt32BE(first, 24);
  log.writeInt32BE(second, 28);
  fs.writeFileSync(`${at.file}-wal`, log);
  await expect(captureSqlite(at.file, { spool: at.spool })).rejects.toMatchObject({
    code: 'DATABASE_FOREIGN',
    path: 'a.db-wal',
  });
});

test('what is no file in the place of a part is refused, and no link is followed', async () => {
  using at = place();
  makeSqlite(at.file);
  const capture = () => captureSqlite(at.file, { spool: at.spool });
  fs.mkdirSync(`${at.file}-wal`);
  await expect(capture()).rejects.toMatchObject({ code: 'DATABASE_DAMAGED', path: 'a.db-wal' });
  fs.rmdirSync(`${at.file}-wal`);
  fs.symlinkSync('a.db', `${at.file}-journal`);
  await expect(capture()).rejects.toMatchObject({ code: 'DATABASE_DAMAGED', path: 'a.db-journal' });
  fs.rmSync(`${at.file}-journal`);
  fs.renameSync(at.file, `${at.file}.real`);
  fs.symlinkSync('a.db.real', at.file);
  await expect(capture()).rejects.toMatchObject({ code: 'ELOOP' });
  fs.rmSync(at.file);
  await expect(capture()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(fs.existsSync(at.spool)).toBe(false);
});

test('there is too little space: nothing is written', async () => {
  using at = place();
  makeSqlite(at.file);
  // The header says how many pages count.
  fs.truncateSync(at.file, 8 * 2 ** 40);
  const captureIt = captureSqlite(at.file, { spool: at.spool });
  await expect(captureIt).rejects.toMatchObject({
    code: 'NO_SPACE',
    message: expect.stringContaining('8796093022208 are needed'),
  });
  expect(fs.existsSync(at.spool)).toBe(false);
});

test('a capture is interrupted between and inside its attempts', async () => {
  using at = place();
  makeSqlite(at.file);
  const interrupt = new AbortController();
  const delay = (): void => {
    fs.utimesSync(at.file, 1, 1);
    interrupt.abort();
  };
  const capture = captureSqlite(at.file, { spool: at.spool, signal: interrupt.signal, delay });
  await expect(capture).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(fs.existsSync(at.spool)).toBe(false);
});

function flipped(bytes: Buffer, at: number): Buffer {
  return withByte(bytes, at, (bytes[at] ?? 0) ^ 1);
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

/** What SQLite itself finds in a plain copy of all files. */
function textsOfRaw({ dir, file }: Place): string {
  using folder = tempFolder();
  fs.cpSync(dir, folder.path, { recursive: true });
  return textsIn(path.join(folder.path, path.basename(file)));
}
