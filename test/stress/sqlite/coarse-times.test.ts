import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { captureSqlite, type SqliteCaptureOptions } from '../../../src/core/databases/sqlite/capture/capture.ts';
import { isRoot } from '../../support/other-user.ts';
import { withReason } from '../../support/skipped.ts';
import { copyCapture } from '../../support/sqlite/copy-capture.ts';
import { makeSqlite, textsIn } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const whyNotCoarse = isRoot ? null : 'only root can mount a file system';

test.skipIf(whyNotCoarse !== null)(
  withReason('times of whole seconds: a change in the same second is not overlooked', whyNotCoarse),
  { timeout: 60_000 },
  async () => {
    using folder = tempFolder();
    const [image, mounted] = ['image', 'mounted'].map((name) => path.join(folder.path, name));
    if (image === undefined || mounted === undefined) throw new Error('no names');
    fs.writeFileSync(image, '');
    fs.truncateSync(image, 64 << 20);
    // Small inodes have no room for parts of a second.
    const [make, ...options] = ['mkfs.ext4', '-q', '-F', '-I', '128', image] as const;
    execFileSync(make, options, { stdio: 'ignore' });
    fs.mkdirSync(mounted);
    execFileSync('mount', ['-o', 'loop', image, mounted]);
    try {
      const file = path.join(mounted, 'a.db');
      makeSqlite(file, { rows: 15_000 });
      expect(fs.statSync(file, { bigint: true }).ctimeNs % 1_000_000_000n).toBe(0n);
      using writer = new DatabaseSync(file);
      // The counter in the header moves once only.
      writer.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=PERSIST; UPDATE t SET v = 'first'");
      const captureWith = async (sabotage: SqliteCaptureOptions['sabotage'], text: string): Promise<string> => {
        writer.exec("UPDATE t SET v = 'before' WHERE id = 1");
        let acted = false;
        const delay = (step: string): void => {
          if (step === 'piece' && !acted) writer.exec(`UPDATE t SET v = '${text}'`);
          if (step === 'piece') acted = true;
        };
        const spool = path.join(folder.path, 'spool');
        const patienceMs = { rollback: 10_000, wal: 30, lock: 30 };
        const capture = await captureSqlite(file, { spool, patienceMs, delay, ...(sabotage && { sabotage }) });
        const copy = path.join(folder.path, `${text}.db`);
        copyCapture(capture, copy);
        return textsIn(copy);
      };
      expect(await captureWith([], 'second')).toBe('ok: 15000 second');
      expect(await captureWith(['clock'], 'third')).not.toBe('ok: 15000 third');
    } finally {
      execFileSync('umount', [mounted]);
    }
  },
);
