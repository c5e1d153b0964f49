import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BackupError } from '../../../src/core/model/backup-error.ts';
import { recoverTransaction } from '../../../src/core/transaction/transaction.ts';
import { compareTrees, readTree, type Tree } from '../../support/compare-trees.ts';
import { stride } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { isPlacing, withFault, type CallName, type Fault } from '../../transaction/support/faults.ts';
import { apply, file, folder, link, put, wanted } from '../../transaction/support/small-project.ts';
import { TIMEOUT_MS } from './effort.ts';

/*
 * Every call of a transaction fails once, in every way, and again inside the recovery from it. Afterwards the tree must be exactly the old
 * or exactly the new one, and what was reported must be true. `npm test` samples errors and double faults.
 */
const STATE = ['.migbackup'];
const MIRRORED = { mirrored: ['database'], extras: ['gone', 'extra.json'] };
const SQLITE = 'SQLite format 3\0'.padEnd(512, '.');
/** The first bytes of a `-wal`. */
const WAL = Buffer.from('377f0682', 'hex');
const WANTED = wanted(
  file('a.json', 'new a'),
  file('data/b c.json', 'new b', 0o600),
  link('data/link', 'b c.json'),
  folder('fresh', 0o750),
  folder('fresh/empty'),
  file("fresh/it's \u{1F4BE}", 'new c'),
  folder('database'),
  file('database/CURRENT', 'MANIFEST-2'),
  file('database/MANIFEST-2', 'new m'),
  file('state.db', `${SQLITE}new s`),
  file('state.db-wal', 'new w'),
);

function makeOld(root: string): void {
  put(root, 'a.json', 'old a');
  put(root, 'data/b c.json', 'old b');
  fs.symlinkSync('nowhere', path.join(root, 'data/link'));
  put(root, 'gone/deep/file', 'old d');
  put(root, 'extra.json', 'old e');
  put(root, 'database/CURRENT', 'MANIFEST-1');
  put(root, 'database/MANIFEST-1', 'old m');
  put(root, 'untouched', 'the same');
  put(root, 'state.db', `${SQLITE}old s`);
  put(root, 'state.db-journal', 'old j');
  put(root, 'state.db-shm', 'old i');
  put(root, 'state.db-wal', Buffer.concat([WAL, Buffer.from('old w')]));
}

interface Bench {
  readonly root: string;
  readonly old: Tree;
  readonly fresh: Tree;
  /** The calls of a transaction that nothing disturbs. */
  readonly calls: number;
}

function reset(root: string): void {
  fs.rmSync(root, { recursive: true, force: true });
  fs.mkdirSync(root);
  makeOld(root);
}

async function makeBench(root: string): Promise<Bench> {
  reset(root);
  const old = readTree(root, STATE);
  const { error, calls } = await withFault(null, () => apply(root, WANTED, MIRRORED));
  expect(error).toBeUndefined();
  const fresh = readTree(root, STATE);
  expect(compareTrees(old, fresh).length).toBeGreaterThan(8);
  expect(fs.readFileSync(path.join(root, 'database/MANIFEST-2'), 'utf8')).toBe('new m');
  return { root, old, fresh, calls: calls.length };
}

function which(bench: Bench): 'old' | 'new' | 'mixed' {
  const now = readTree(bench.root, STATE);
  if (compareTrees(bench.old, now).length === 0) return 'old';
  return compareTrees(bench.fresh, now).length === 0 ? 'new' : 'mixed';
}

/** What a transaction said about itself. */
function said(error: unknown): 'done' | 'taken back' | 'in between' {
  if (error === undefined) return 'done';
  return error instanceof BackupError && error.code === 'ROLLBACK_FAILED' ? 'in between' : 'taken back';
}

/** Everything that is wrong after a fault and a recovery that nothing disturbs; empty when all is well. */
async function judge(bench: Bench, fault: Fault, error: unknown): Promise<string[]> {
  const wrong: string[] = [];
  if (fault.code !== 'kill') {
    const claim = said(error);
    const state = which(bench);
    if (claim === 'done' && state !== 'new') wrong.push(`said done, is ${state}`);
    if (claim === 'taken back' && state !== 'old') wrong.push(`said taken back, is ${state}`);
  }
  try {
    await recoverTransaction(bench.root);
  } catch (failure) {
    wrong.push(`recovery failed: ${String(failure)}`);
  }
  if (which(bench) === 'mixed') wrong.push('mixed');
  if (fs.existsSync(path.join(bench.root, '.migbackup/txn'))) wrong.push('a transaction is left');
  return wrong;
}

type Skip = (name: CallName, args: readonly unknown[]) => boolean;

async function sweep(
  bench: Bench,
  faults: readonly Omit<Fault, 'at'>[],
  every: number,
  { skip, from = 1 }: { skip?: Skip | undefined; from?: number } = {},
): Promise<string[]> {
  const wrong: string[] = [];
  for (const kind of faults) {
    for (let at = from; at <= bench.calls; at += every) {
      reset(bench.root);
      const fault = { ...kind, at };
      const { error, fired } = await withFault(fault, () => apply(bench.root, WANTED, MIRRORED), skip);
      const verdict = fired === null ? ['the fault did not fire'] : await judge(bench, fault, error);
      for (const line of verdict)
        wrong.push(`${kind.code}${kind.forEver === true ? ' for ever' : ''} at ${at} (${fired}): ${line}`);
    }
  }
  return wrong;
}

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EXDEV', 'EBUSY'] as const;

test.for([
  { code: 'kill' } as const,
  ...CODES.map((code) => ({ code })),
  ...CODES.map((code) => ({ code, forEver: true })),
])('$code at every call (for ever: $forEver)', { timeout: TIMEOUT_MS }, async (kind) => {
  using temp = tempFolder();
  const bench = await makeBench(path.join(temp.path, 'project'));
  expect(await sweep(bench, [kind], kind.code === 'kill' ? stride(5) : stride(11))).toEqual([]);
});

test.for(['kill', 'EIO'] as const)(
  'a kill or error, and %s inside the recovery from it',
  { timeout: TIMEOUT_MS },
  async (second) => {
    using temp = tempFolder();
    const bench = await makeBench(path.join(temp.path, 'project'));
    const wrong: string[] = [];
    const every = stride(37);
    for (let at = 1; at <= bench.calls; at += every) {
      for (let then = 1 + (at % every); ; then += every) {
        reset(bench.root);
        const first = { code: 'kill', at } as const;
        await withFault(first, () => apply(bench.root, WANTED, MIRRORED));
        const { fired } = await withFault({ code: second, at: then }, () => recoverTransaction(bench.root));
        if (fired === null) break;
        for (const line of await judge(bench, first, undefined))
          wrong.push(`kill at ${at}, ${second} at ${then} (${fired}): ${line}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);

/** An error sends the transaction back; then the process is killed on that way. */
test('an error, and a kill on the way back from it', { timeout: TIMEOUT_MS }, async () => {
  using temp = tempFolder();
  const bench = await makeBench(path.join(temp.path, 'project'));
  const wrong: string[] = [];
  const [every, everyLater] = [stride(31), stride(13)];
  for (let at = 1; at <= bench.calls; at += every) {
    for (let later = 1 + (at % everyLater); ; later += everyLater) {
      reset(bench.root);
      let calls = 0;
      const failing: Skip = () => {
        calls++;
        if (calls === at) throw Object.assign(new Error('EIO injected'), { code: 'EIO' });
        return false;
      };
      const kill = { code: 'kill', at: at + later } as const;
      const { fired } = await withFault(kill, () => apply(bench.root, WANTED, MIRRORED), failing);
      if (fired === null) break;
      for (const line of await judge(bench, kill, undefined))
        wrong.push(`EIO at ${at}, kill ${later} later (${fired}): ${line}`);
    }
  }
  expect(wrong).toEqual([]);
});

/** The sweep must be able to fail: each deliberate defect, a kind of call silently left out, must turn it red. */
const DEFECTS: Readonly<Record<string, Skip>> = {
  'the journal is never put into place': (name, args) => name === 'renameSync' && String(args[1]).endsWith('plan.json'),
  'a new file is not moved in': (name, args) => isPlacing(name) && String(args[0]).endsWith('stage/0'),
  'old content is not brought home': (name, args) => isPlacing(name) && String(args[0]).endsWith('aside/0'),
};

test.for(Object.keys(DEFECTS))('the sweep sees that %s', { timeout: TIMEOUT_MS }, async (defect) => {
  using temp = tempFolder();
  const bench = await makeBench(path.join(temp.path, 'project'));
  // A few calls see a defect: every call is tried, every fourth first, until one does.
  let wrong: string[] = [];
  for (let from = 1; from <= 4 && wrong.length === 0; from++)
    wrong = await sweep(bench, [{ code: 'kill' }, { code: 'EIO' }], 4, { skip: DEFECTS[defect], from });
  expect(wrong).not.toEqual([]);
});
