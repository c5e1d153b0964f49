import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { SetAside, Surroundings } from '../../src/core/transaction/set-aside.ts';
import { recoverTransaction } from '../../src/core/transaction/transaction.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { isPlacing, withFault } from './support/faults.ts';
import { apply, file, folder, put, wanted, type Selection } from './support/small-project.ts';

/* A database that is a file and its parts: whatever others do to it while it is exchanged, no part of one state ends beside another's file. */

const HEADER = 'SQLite format 3\0'.padEnd(512, '.');
const FILE = 'data/app.db';
const WAL = `${FILE}-wal`;
/** What a part may begin with (a `-wal` that has been reset): another file that is called so is none. */
const LOG = '\0'.repeat(8);
const WITH_WAL = wanted(file(FILE, `${HEADER}new`), file(WAL, 'new wal'));
const ALONE = wanted(file(FILE, `${HEADER}new`));

function scene() {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, FILE, `${HEADER}old`);
  const found: SetAside[] = [];
  const around: Surroundings = { keepOut: () => Promise.resolve(), onSetAside: (each) => void found.push(each) };
  const read = (relative: string): string | null => {
    const native = path.join(root, relative);
    return fs.existsSync(native) ? fs.readFileSync(native, 'utf8').replace(HEADER, '').replace(LOG, '') : null;
  };
  return { temp, root, found, around, read, state: () => ({ file: read(FILE), wal: read(WAL) }) };
}

/** Runs it until the call that `is` says: from there on nothing is done any more. */
async function killAt(
  root: string,
  selection: Selection,
  is: (name: string, from: string, to: string) => boolean,
  check = (): void => {},
): Promise<void> {
  let dead = false;
  await withFault(
    null,
    () => apply(root, selection, { check }),
    (name, [from, to]) => {
      dead ||= is(name, String(from), String(to));
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect(dead).toBe(true);
}

/** Every text that was set aside. */
function kept(found: readonly SetAside[]): string[] {
  const folders = found.flatMap((each) => (each.kept === null ? [] : [path.dirname(each.kept)]));
  return [...new Set(folders)].flatMap((folder) =>
    fs
      .readdirSync(folder)
      .map((name) => fs.readFileSync(path.join(folder, name), 'utf8').replace(HEADER, '').replace(LOG, '')),
  );
}

test.each([
  ['that had none', ALONE],
  ['of which the backup has one', WITH_WAL],
])('a -wal that appears after the plan, beside a database %s, stops it: all is as it was', async (_what, selection) => {
  const { temp, root, state, read } = scene();
  using _ = temp;
  const before = readTree(root);
  const { error } = await withFault(
    null,
    () => apply(root, selection),
    (name, [, to]) => {
      if (name === 'renameSync' && String(to).endsWith('plan.json')) put(root, WAL, `${LOG}acknowledged`);
      return false;
    },
  );
  expect(error).toMatchObject({ code: 'TARGET_CHANGED', path: WAL });
  expect(state()).toEqual({ file: 'old', wal: 'acknowledged' });
  expect(compareTrees(before, readTree(root, ['.migbackup', WAL]))).toEqual([]);
  expect(read('.migbackup/txn/plan.json')).toBeNull();
});

test.each(['changed the file', 'left a -wal beside it'])(
  'the file is in, its -wal not yet, and somebody %s before recover runs: nothing is mixed, nothing lost',
  async (what) => {
    const { temp, root, state, found, around } = scene();
    using _ = temp;
    put(root, WAL, `${LOG}old wal`);
    await killAt(root, WITH_WAL, (name, _from, to) => isPlacing(name) && to === path.join(root, WAL));
    expect(state()).toEqual({ file: 'new', wal: null });
    if (what === 'changed the file') put(root, FILE, `${HEADER}acknowledged`);
    else put(root, WAL, `${LOG}acknowledged`);
    await recoverTransaction(root, around);
    expect(state()).toEqual({ file: 'old', wal: 'old wal' });
    expect(kept(found).toSorted()).toEqual(what === 'changed the file' ? ['acknowledged'] : ['acknowledged', 'new']);
  },
);

test.each([
  ['had no -wal', null],
  ['had another -wal', 'old wal'],
])(
  'somebody writes a -wal beside the new file before it is taken back; the old one %s: it goes along',
  async (_what, wal) => {
    const { temp, root, state, found, around } = scene();
    using _ = temp;
    if (wal !== null) put(root, WAL, LOG + wal);
    const check = (): void => {
      put(root, WAL, `${LOG}acknowledged`);
      throw new Error('the check failed');
    };
    await expect(apply(root, ALONE, { check, surroundings: around })).rejects.toThrow('the check failed');
    expect(state()).toEqual({ file: 'old', wal });
    // With the file that it belongs to, and named.
    expect(kept(found).toSorted()).toEqual(['acknowledged', 'new']);
    expect(found.length).toBeGreaterThan(0);
  },
);

test('what is taken back changed is kept with its parts', async () => {
  const { temp, root, state, found, around } = scene();
  using _ = temp;
  const check = (): void => {
    put(root, WAL, `${LOG}new wal, acknowledged`);
    throw new Error('the check failed');
  };
  await expect(apply(root, WITH_WAL, { check, surroundings: around })).rejects.toThrow('the check failed');
  expect(state()).toEqual({ file: 'old', wal: null });
  expect(kept(found).toSorted()).toEqual(['new', 'new wal, acknowledged']);
});

test.each(['changed the file', 'left a -wal beside it'])(
  'the old file is home, its -wal not yet, and somebody %s before recover runs: his stays, and the old -wal is kept and named',
  async (what) => {
    const { temp, root, state, found, around } = scene();
    using _ = temp;
    put(root, WAL, `${LOG}old wal`);
    const check = (): void => {
      throw new Error('the check failed');
    };
    await killAt(root, WITH_WAL, (_name, from, to) => from.includes('/aside/') && to === path.join(root, WAL), check);
    expect(state()).toEqual({ file: 'old', wal: null });
    if (what === 'changed the file') put(root, FILE, `${HEADER}old, acknowledged`);
    else put(root, WAL, `${LOG}acknowledged`);
    expect(await recoverTransaction(root, around)).toBe('taken-back');
    const his =
      what === 'changed the file' ? { file: 'old, acknowledged', wal: null } : { file: 'old', wal: 'acknowledged' };
    expect(state()).toEqual(his);
    expect(found).toMatchObject([{ path: WAL, why: 'outdated' }]);
    expect(kept(found)).toEqual(['old wal']);
  },
);

test('what is left of a database that somebody made while the place was empty is moved aside', async () => {
  const { temp, root, state, found, around } = scene();
  using _ = temp;
  await killAt(root, ALONE, (name, _from, to) => isPlacing(name) && to === path.join(root, FILE));
  expect(state()).toEqual({ file: null, wal: null });
  put(root, WAL, `${LOG}acknowledged`);
  expect(await recoverTransaction(root, around)).toBe('completed');
  expect(state()).toEqual({ file: 'new', wal: null });
  expect(kept(found)).toEqual(['acknowledged']);
});

test.each(['forward', 'back'])(
  'a database that somebody makes in the very moment in which ours comes (%s) is moved aside, not replaced',
  async (way) => {
    const { temp, root, state, found, around } = scene();
    using _ = temp;
    const check = (): void => {
      if (way === 'back') throw new Error('the check failed');
    };
    let made = false;
    const from = way === 'forward' ? '/stage/' : '/aside/';
    const { error } = await withFault(
      null,
      () => apply(root, ALONE, { check, surroundings: around }),
      (name, [source, target]) => {
        if (made || !isPlacing(name) || target !== path.join(root, FILE) || !String(source).includes(from))
          return false;
        made = true;
        put(root, FILE, `${HEADER}acknowledged`);
        return false;
      },
    );
    expect(made).toBe(true);
    expect(error === undefined).toBe(way === 'forward');
    expect(state()).toEqual({ file: way === 'forward' ? 'new' : 'old', wal: null });
    expect(found).toMatchObject([{ path: FILE, why: 'made' }]);
    expect(kept(found)).toEqual(['acknowledged']);
  },
);

test('a file in an exclusive folder that also holds what stays is exchanged with its parts', async () => {
  const { temp, root, state } = scene();
  using _ = temp;
  put(root, WAL, `${LOG}old wal`);
  put(root, `${FILE}-shm`, 'index');
  put(root, 'data/secret', 'stays');
  const selection = wanted(folder('data'), file(FILE, `${HEADER}new`));
  await apply(root, selection, { mirrored: ['data'], covered: [FILE, WAL] });
  expect(state()).toEqual({ file: 'new', wal: null });
  expect(fs.readdirSync(path.join(root, 'data')).toSorted()).toEqual(['app.db', 'secret']);
});
