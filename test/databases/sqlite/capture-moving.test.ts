import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import {
  backupDatabase,
  captureSqlite,
  type SqliteCaptureOptions,
} from '../../../src/core/databases/sqlite/capture/capture.ts';
import { connectionElsewhere } from '../../support/sqlite/connection-elsewhere.ts';
import { copyCapture } from '../../support/sqlite/copy-capture.ts';
import { identities } from '../../support/sqlite/identities.ts';
import { makeSqlite, textsIn } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

const ALL_NEW = "UPDATE t SET v = 'new'";

/** A database that another one takes turns with: `writer` is open in this process, so that a step of a capture can write with it. */
class Moving implements Disposable {
  readonly #folder: TempFolder = tempFolder();
  readonly dir = path.join(this.#folder.path, 'source');
  readonly file = path.join(this.dir, 'a.db');
  readonly spool = path.join(this.#folder.path, 'spool');
  readonly copy = path.join(this.#folder.path, 'a.db');
  readonly writer: DatabaseSync;

  constructor(mode: string, rows = 300) {
    fs.mkdirSync(this.dir);
    makeSqlite(this.file, { rows });
    // Else SQLite refuses the mode `off`.
    this.writer = new DatabaseSync(this.file, { defensive: false });
    this.writer.exec(`PRAGMA journal_mode=${mode}; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0`);
  }

  /** @param acts what happens at the first time that a step is reached */
  async capture(acts: Readonly<Record<string, () => void>>, options: Partial<SqliteCaptureOptions> = {}) {
    const left = new Map(Object.entries(acts));
    const delay = (step: string): void => {
      const act = left.get(step);
      left.delete(step);
      act?.();
    };
    const capture = await captureSqlite(this.file, { spool: this.spool, delay, ...options });
    expect([...left.keys()]).toEqual([]);
    const { how, attempts, doubts } = capture;
    for (const part of ['', '-wal', '-journal']) fs.rmSync(this.copy + part, { force: true });
    copyCapture(capture, this.copy);
    return { how, again: attempts > 1, doubts, texts: textsIn(this.copy) };
  }

  [Symbol.dispose](): void {
    this.writer.close();
    this.#folder[Symbol.dispose]();
  }
}

const READ_TWICE = { how: 'read', again: true, doubts: [] } as const;

test.each(['delete', 'truncate', 'persist'])(
  'a commit while the file is copied: the next attempt has it (%s)',
  async (mode) => {
    using at = new Moving(mode, 15_000);
    const commit = (): void => at.writer.exec(ALL_NEW);
    expect(await at.capture({ piece: commit })).toEqual({ ...READ_TWICE, texts: 'ok: 15000 new' });
    const without = await at.capture(
      { piece: () => at.writer.exec("UPDATE t SET v = 'other'") },
      { sabotage: ['stillness'] },
    );
    expect(without.texts).not.toBe('ok: 15000 other');
  },
);

test('a commit to the log and a checkpoint while the file is copied: the log has all that moved', async () => {
  using at = new Moving('wal');
  at.writer.exec("UPDATE t SET v = 'one' WHERE id = 1");
  const act = (): void => at.writer.exec(`${ALL_NEW}; PRAGMA wal_checkpoint(PASSIVE)`);
  expect(await at.capture({ copied: act })).toEqual({ ...READ_TWICE, again: false, texts: 'ok: 300 new' });
  at.writer.exec("PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET v = 'one' WHERE id = 1");
  const other = (): void => at.writer.exec("UPDATE t SET v = 'other'; PRAGMA wal_checkpoint(PASSIVE)");
  const without = await at.capture({ copied: other }, { sabotage: ['database-before-wal'] });
  expect(without.texts).not.toMatch(/^ok: (?:300 other|1 one, 299 new)$/);
});

test.each(['TRUNCATE', 'RESTART'])(
  'a log that is begun anew (%s) while the file is copied: the next attempt has it',
  async (kind) => {
    using at = new Moving('wal');
    at.writer.exec("UPDATE t SET v = 'one' WHERE id = 1");
    const begin = (text: string) => (): void =>
      at.writer.exec(
        `UPDATE t SET v = '${text}'; PRAGMA wal_checkpoint(${kind}); UPDATE t SET v = 'last' WHERE id = 1`,
      );
    expect(await at.capture({ copied: begin('new') })).toEqual({ ...READ_TWICE, texts: 'ok: 1 last, 299 new' });
    const without = await at.capture({ copied: begin('other') }, { sabotage: ['one-generation'] });
    expect(without.texts).not.toBe('ok: 1 last, 299 other');
  },
);

test('a log that is begun anew while the file is copied, and was read to its end: what changed is copied once more', async () => {
  using at = new Moving('wal', 15_000);
  at.writer.exec("UPDATE t SET v = 'one' WHERE id <= 300");
  const begin = (text: string) => (): void =>
    at.writer.exec(`UPDATE t SET v = '${text}' WHERE id <= 5000; PRAGMA wal_checkpoint(RESTART);
      UPDATE t SET v = 'last' WHERE id = 1`);
  const texts = (text: string): string => `ok: 1 last, 4999 ${text}, 10000 old`;
  expect(await at.capture({ piece: begin('new') })).toEqual({ ...READ_TWICE, again: false, texts: texts('new') });
  at.writer.exec("PRAGMA wal_checkpoint(RESTART); UPDATE t SET v = 'one' WHERE id <= 300");
  const without = await at.capture({ piece: begin('other') }, { sabotage: ['changed-pages'] });
  expect(without.texts).not.toBe(texts('other'));
});

test('a VACUUM to other pages, and another mode, while the file is copied', async () => {
  using at = new Moving('delete', 15_000);
  expect(await at.capture({ piece: () => at.writer.exec('PRAGMA page_size=16384; VACUUM') })).toMatchObject(READ_TWICE);
  expect(fs.readFileSync(at.copy).readUInt16BE(16)).toBe(16_384);
  const toLog = (): void => at.writer.exec("PRAGMA journal_mode=WAL; UPDATE t SET v = 'new' WHERE id <= 10");
  expect(await at.capture({ copied: toLog })).toEqual({ ...READ_TWICE, texts: 'ok: 10 new, 14990 old' });
  const toFile = (): void => at.writer.exec(`PRAGMA journal_mode=DELETE; ${ALL_NEW}`);
  expect(await at.capture({ copied: toFile })).toEqual({ ...READ_TWICE, texts: 'ok: 15000 new' });
});

test('a VACUUM in WAL mode that cuts the file while it is copied', async () => {
  using at = new Moving('wal', 15_000);
  at.writer.exec('PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM t WHERE id > 300');
  const before = fs.statSync(at.file).size;
  const act = (): void => at.writer.exec('VACUUM; PRAGMA wal_checkpoint(PASSIVE)');
  expect(await at.capture({ piece: act })).toEqual({ ...READ_TWICE, again: false, texts: 'ok: 300 old' });
  expect(fs.statSync(at.file).size).toBeLessThan(before);
});

test('a file that is replaced by a rename meanwhile: the next attempt captures the other one', async () => {
  using at = new Moving('wal');
  at.writer.exec(ALL_NEW);
  const replace = (text: string) => (): void => {
    const other = path.join(path.dirname(at.dir), `${text}.db`);
    makeSqlite(other, { text });
    const log = new DatabaseSync(other);
    log.exec(`PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; UPDATE t SET v='${text} log' WHERE id > 290`);
    for (const part of ['-wal', '']) fs.copyFileSync(other + part, `${other}.copy${part}`);
    log.close();
    for (const part of ['-wal', '']) fs.renameSync(`${other}.copy${part}`, at.file + part);
  };
  const other = await at.capture({ opened: replace('other') });
  expect(other).toEqual({ ...READ_TWICE, texts: 'ok: 290 other, 10 other log' });
  const without = await at.capture({ opened: replace('third') }, { sabotage: ['identity'] });
  expect(without.texts).not.toBe('ok: 290 third, 10 third log');
});

test('a file that is removed meanwhile, or replaced by a link, is an error of the system', async () => {
  using at = new Moving('delete');
  const away = (): void => fs.renameSync(at.file, `${at.file}.away`);
  await expect(at.capture({ copied: away })).rejects.toMatchObject({ code: 'ENOENT' });
  fs.renameSync(`${at.file}.away`, at.file);
  const link = (): void => {
    away();
    fs.symlinkSync('a.db.away', at.file);
  };
  await expect(at.capture({ copied: link })).rejects.toMatchObject({ code: 'ELOOP' });
});

/** Commits something at the beginning of each attempt. */
function restless(writer: DatabaseSync): (step: string) => void {
  let count = 0;
  return (step) => {
    if (step === 'copied') writer.exec(`UPDATE t SET v = 'new ${++count}'`);
  };
}

const SHORT = { rollback: 30, wal: 30, lock: 30 };

test.each(['delete', 'truncate', 'persist'])(
  'a writer that never pauses: SQLite copies it, and leaves nothing behind (%s)',
  async (mode) => {
    using at = new Moving(mode);
    const names = fs.readdirSync(at.dir);
    const options = { spool: at.spool, patienceMs: SHORT, delay: restless(at.writer) };
    const capture = await captureSqlite(at.file, options);
    expect(capture).toMatchObject({ how: 'backup-api', doubts: [], orphans: [] });
    expect(capture.attempts).toBeGreaterThan(3);
    const after = identities(at.dir);
    copyCapture(capture, at.copy);
    expect(textsIn(at.copy)).toMatch(/^ok: 300 new \d+$/);
    expect(after.length - 1).toBe(mode === 'delete' ? names.length : 2);
  },
);

test('a log that is begun anew all the time is busy, and nobody asks SQLite', async () => {
  using at = new Moving('wal');
  at.writer.exec("UPDATE t SET v = 'one' WHERE id = 1");
  const write = restless(at.writer);
  const delay = (step: string): void => {
    write(step);
    if (step === 'copied') at.writer.exec("PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET v = 'last' WHERE id = 1");
  };
  await expect(captureSqlite(at.file, { spool: at.spool, patienceMs: SHORT, delay })).rejects.toMatchObject({
    code: 'DATABASE_BUSY',
    message: expect.stringMatching(/^a\.db: no consistent state in \d+ attempts: its log started over$/),
  });
  expect(fs.existsSync(at.spool)).toBe(false);
});

test('a writer that holds its lock and never pauses is busy', async () => {
  using at = new Moving('delete');
  at.writer.exec('PRAGMA locking_mode=EXCLUSIVE');
  const options = { spool: at.spool, patienceMs: SHORT, delay: restless(at.writer) };
  await expect(captureSqlite(at.file, options)).rejects.toMatchObject({
    code: 'DATABASE_BUSY',
    message: expect.stringMatching(/SQLite cannot copy it either: it gets no lock$/),
  });
});

test.each(['memory', 'off'])(
  'a writer without a journal is known by the folder that does not move: SQLite copies the database (%s)',
  async (mode) => {
    using at = new Moving(mode);
    const commit = (): void => at.writer.exec(ALL_NEW);
    expect(await at.capture({ copied: commit })).toEqual({
      how: 'backup-api',
      again: true,
      doubts: [],
      texts: 'ok: 300 new',
    });
    // It holds its lock from then on.
    const hold = (): void => at.writer.exec("UPDATE t SET v = 'other'; BEGIN EXCLUSIVE");
    const { how, doubts, texts } = await at.capture({ copied: hold }, { patienceMs: SHORT });
    expect({ how, texts }).toEqual({ how: 'read', texts: 'ok: 300 other' });
    expect(doubts).toEqual([expect.stringContaining('without a journal')]);
  },
);

test('SQLite copies nothing that has a hot journal, and rolls nothing back', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'a.db');
  makeSqlite(file, { rows: 1000 });
  await using writer = connectionElsewhere(file);
  for (const statement of ['open', 'PRAGMA cache_size=5', 'BEGIN IMMEDIATE', ALL_NEW]) await writer.ask(statement);
  await writer[Symbol.asyncDispose]();
  // As root SQLite gives each journal that it opens to the owner of the database, which moves one time.
  const journal = `${file}-journal`;
  const before = [identities(folder.path).slice(0, 2), fs.readFileSync(journal), fs.statSync(journal).mtimeMs];
  using other = tempFolder();
  expect(await backupDatabase(file, path.join(other.path, 'copy'), 'a.db', 30)).toMatchObject({
    code: 'ERR_SQLITE_ERROR',
  });
  expect([identities(folder.path).slice(0, 2), fs.readFileSync(journal), fs.statSync(journal).mtimeMs]).toEqual(before);
});
