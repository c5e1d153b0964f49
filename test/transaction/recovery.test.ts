import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { statePaths } from '../../src/core/transaction/state-folder.ts';
import { recoverTransaction } from '../../src/core/transaction/transaction.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { isPlacing, withFault, type CallName } from './support/faults.ts';
import { apply, file, folder, put, wanted } from './support/small-project.ts';

const STATE = ['.migbackup'];
const BOTH = wanted(file('a', 'new a'), file('b', 'new b'));

function makeProject(temp: TempFolder): string {
  const root = path.join(temp.path, 'project');
  fs.mkdirSync(root);
  put(root, 'a', 'old a');
  put(root, 'b', 'old b');
  return root;
}

const read = (root: string): string[] => ['a', 'b'].map((name) => fs.readFileSync(path.join(root, name), 'utf8'));

/** Kills the transaction right before something gets its name at a place that ends in `end`. */
async function killBeforeRenameTo(root: string, end: string): Promise<void> {
  let dead = false;
  const outcome = await withFault(
    null,
    () => apply(root, BOTH),
    (name, args) => {
      dead ||= isPlacing(name) && String(args[1]).endsWith(end);
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect(outcome.error).toBeDefined();
  expect(dead).toBe(true);
}

test('a second restore never clears away what an unfinished one has moved aside', async () => {
  using temp = tempFolder();
  const root = makeProject(temp);
  await killBeforeRenameTo(root, 'project/a');
  await expect(apply(root, BOTH)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(fs.readdirSync(statePaths(root).aside)).toEqual(['0', '1']);
  expect(await recoverTransaction(root)).toBe('completed');
  expect(read(root)).toEqual(['new a', 'new b']);
});

test('new content that vanished from the stage is not passed over: everything is taken back', async () => {
  using temp = tempFolder();
  const root = makeProject(temp);
  await killBeforeRenameTo(root, 'aside/0');
  fs.rmSync(path.join(statePaths(root).stage, '0'));
  expect(await recoverTransaction(root)).toBe('taken-back');
  expect(read(root)).toEqual(['old a', 'old b']);
});

test('the journal cannot be made durable, and the process is killed while it clears up', async () => {
  for (let removals = 0; removals < 6; removals++) {
    using temp = tempFolder();
    const root = makeProject(temp);
    const removing: readonly CallName[] = ['unlinkSync', 'rmdirSync', 'rmSync'];
    let failed = false;
    let removed = 0;
    await withFault(
      null,
      () => apply(root, BOTH),
      (name) => {
        if (!failed && name === 'fsyncSync' && fs.existsSync(statePaths(root).plan)) {
          failed = true;
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        }
        if (failed && removing.includes(name) && removed++ >= removals) throw new Error('killed');
        return false;
      },
    );
    expect(failed).toBe(true);
    await recoverTransaction(root);
    expect(read(root), `killed after ${removals} removals`).toEqual(['old a', 'old b']);
  }
});

test('a disk that is full for good does not keep a restore from being taken back', async () => {
  using temp = tempFolder();
  const root = makeProject(temp);
  let full = false;
  const { error } = await withFault(
    null,
    () => apply(root, BOTH),
    (name, args) => {
      const before = full;
      full ||= isPlacing(name) && String(args[1]) === path.join(root, 'b');
      const makes = name === 'openSync' && args[1] === 'w';
      if (full !== before || (full && makes)) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      return false;
    },
  );
  expect(error).toMatchObject({ code: 'ENOSPC' });
  expect(read(root)).toEqual(['old a', 'old b']);
  expect(await recoverTransaction(root)).toBe('nothing');
});

/** A state folder as a hostile checkout could bring it along. */
function plant(root: string, unitPath: string, metaPath: string): void {
  const paths = statePaths(root);
  fs.mkdirSync(paths.stage, { recursive: true });
  fs.mkdirSync(paths.aside);
  fs.writeFileSync(path.join(paths.stage, '0'), 'planted');
  const body = JSON.stringify({
    version: 1,
    id: 'x',
    backupId: 'b',
    startedAt: 's',
    units: [{ n: 0, path: unitPath, old: null, hasNew: true, tree: false }],
    meta: [{ path: metaPath, oldMode: 0o700, newMode: 0o700, oldMtimeNs: '0', newMtimeNs: '0' }],
  });
  const sha256 = createHash('sha256').update(body).digest('hex');
  fs.writeFileSync(paths.plan, JSON.stringify({ sha256, body }));
}

test.for([
  ['../outside', '.'],
  ['/tmp/outside', '.'],
  ['.migbackup/inside', '.'],
  ['inside', '..'],
] as const)('a planted journal that names %s and %s is refused', async ([unit, meta]) => {
  using temp = tempFolder();
  const root = makeProject(temp);
  plant(root, unit, meta);
  const before = readTree(temp.path);
  await expect(recoverTransaction(root)).rejects.toThrow(expect.objectContaining({ code: 'TRANSACTION_UNREADABLE' }));
  expect(compareTrees(before, readTree(temp.path))).toEqual([]);
});

test.for(['.migbackup', '.migbackup/txn', '.migbackup/txn/stage', '.migbackup/txn/aside'])(
  'a state folder where %s is a link is refused',
  async (where) => {
    using temp = tempFolder();
    const root = makeProject(temp);
    plant(root, 'inside', '.');
    const elsewhere = path.join(temp.path, 'elsewhere');
    fs.renameSync(path.join(root, where), elsewhere);
    fs.symlinkSync(elsewhere, path.join(root, where));
    const before = readTree(temp.path);
    await expect(recoverTransaction(root)).rejects.toThrow(expect.objectContaining({ code: 'UNSAFE_TARGET' }));
    expect(compareTrees(before, readTree(temp.path))).toEqual([]);
  },
);

function giveAway(target: string, id: number): void {
  fs.lchownSync(target, id, id);
  if (!fs.lstatSync(target).isDirectory()) return;
  for (const name of fs.readdirSync(target)) giveAway(path.join(target, name), id);
}

/** Runs `work` without the powers of root, to which no folder is read-only. */
async function asNobody(root: string, work: () => Promise<unknown>): Promise<unknown> {
  const nobody = 65_534;
  giveAway(root, nobody);
  fs.chmodSync(path.dirname(root), 0o755);
  process.seteuid?.(nobody);
  try {
    return await work().then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    process.seteuid?.(0);
  }
}

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)('a folder that becomes read-only does not stand in the way back (as root)', async () => {
  using temp = tempFolder();
  const root = makeProject(temp);
  put(root, 'closed/x', 'old x');
  const before = readTree(root, STATE);
  const error = await asNobody(root, () =>
    apply(root, wanted(folder('closed', 0o555), file('closed/x', 'new x')), {
      check: () => {
        throw new Error('the check failed');
      },
    }),
  );
  expect(error).toMatchObject({ message: 'the check failed' });
  expect(compareTrees(before, readTree(root, STATE))).toEqual([]);
});

test.runIf(isRoot)('files in a read-only folder are replaced, and it stays read-only (as root)', async () => {
  using temp = tempFolder();
  const root = makeProject(temp);
  put(root, 'closed/x', 'old x');
  fs.chmodSync(path.join(root, 'closed'), 0o555);
  const error = await asNobody(root, () => apply(root, wanted(folder('closed', 0o555), file('closed/x', 'new x'))));
  expect(error).toBeUndefined();
  expect(fs.readFileSync(path.join(root, 'closed/x'), 'utf8')).toBe('new x');
  expect(fs.statSync(path.join(root, 'closed')).mode & 0o777).toBe(0o555);
});
