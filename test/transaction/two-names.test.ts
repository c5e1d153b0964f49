import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { SetAside, Surroundings } from '../../src/core/transaction/set-aside.ts';
import { recoverTransaction } from '../../src/core/transaction/transaction.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { isPlacing, withFault, type CallName } from './support/faults.ts';
import { apply, file, link, put, wanted } from './support/small-project.ts';

const WANTED = wanted(file('a', 'new a'), file('b', 'new b'), link('c', 'a'));

/** A project with an old `a`, and what is set aside in it. */
function scene() {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'a', 'old a');
  const found: SetAside[] = [];
  const around: Surroundings = { keepOut: () => Promise.resolve(), onSetAside: (each) => void found.push(each) };
  const read = (name: string): string | null => {
    const native = path.join(root, name);
    return fs.existsSync(native) ? fs.readFileSync(native, 'utf8') : null;
  };
  return { temp, root, found, around, read };
}

/** Which files have more than one name. */
const twice = (root: string): string[] =>
  ['a', 'b', 'c'].filter((name) => (fs.lstatSync(path.join(root, name), { throwIfNoEntry: false })?.nlink ?? 1) > 1);

/** Ends the transaction as SIGKILL does, at the first call that is so. */
async function killAt(root: string, isLast: (name: CallName, from: string, to: string) => boolean, fails = false) {
  let dead = false;
  const check = (): void => {
    if (fails) throw new Error('the check failed');
  };
  const outcome = await withFault(
    null,
    () => apply(root, WANTED, { check }),
    (name, [from, to]) => {
      dead ||= isLast(name, String(from), String(to));
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect({ dead, ended: outcome.error !== undefined }).toEqual({ dead: true, ended: true });
}

test.skipIf(process.platform === 'win32').each([
  ['forward', 'a', '/stage/', 'new a'],
  ['back', 'a', '/aside/', 'old a'],
])(
  'a file that somebody makes in the very moment in which ours comes (%s) is kept and named',
  async (way, name, from, text) => {
    const { temp, root, found, around, read } = scene();
    using _ = temp;
    const check = (): void => {
      if (way === 'back') throw new Error('the check failed');
    };
    let made = false;
    const outcome = await withFault(
      null,
      () => apply(root, WANTED, { surroundings: around, check }),
      (call, [source, target]) => {
        if (made || !isPlacing(call) || target !== path.join(root, name) || !String(source).includes(from))
          return false;
        made = true;
        fs.writeFileSync(path.join(root, name), 'acknowledged');
        return false;
      },
    );
    expect({ made, failed: outcome.error !== undefined }).toEqual({ made: true, failed: way === 'back' });
    expect(read('a')).toBe(text);
    expect(found).toMatchObject([{ path: 'a', why: 'made' }]);
    expect(fs.readFileSync(found[0]?.kept ?? '', 'utf8')).toBe('acknowledged');
    expect(twice(root)).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32').each([
  ['b', 'file'] as const,
  // Elsewhere link(2) follows links.
  ...(process.platform === 'linux' ? [['c', 'link'] as const] : []),
])('where nothing was before (%s, a %s), what somebody makes then is kept and named too', async (name) => {
  const { temp, root, found, around, read } = scene();
  using _ = temp;
  let made = false;
  const outcome = await withFault(
    null,
    () => apply(root, WANTED, { surroundings: around }),
    (call, [, target]) => {
      if (made || !isPlacing(call) || target !== path.join(root, name)) return false;
      made = true;
      fs.writeFileSync(path.join(root, name), 'acknowledged');
      return false;
    },
  );
  expect({ made, error: outcome.error }).toEqual({ made: true, error: undefined });
  expect(read(name)).toBe(name === 'b' ? 'new b' : 'new a');
  expect(found).toMatchObject([{ path: name, why: 'made' }]);
  expect(fs.readFileSync(found[0]?.kept ?? '', 'utf8')).toBe('acknowledged');
  expect(twice(root)).toEqual([]);
});

test.skipIf(process.platform === 'win32').each([
  [
    'before the first names go',
    (name: CallName, from: string) => name === 'unlinkSync' && from.endsWith('stage/0'),
    false,
  ],
  ['while they go', (name: CallName, from: string) => name === 'unlinkSync' && from.endsWith('stage/1'), false],
  ['between two files', (name: CallName, _from: string, to: string) => name === 'linkSync' && to.endsWith('/b'), false],
  ['on the way back', (name: CallName, from: string) => name === 'unlinkSync' && from.endsWith('aside/0'), true],
])('killed %s: recover ends it, and each file has one name', async (_when, isLast, fails) => {
  const { temp, root, found, around, read } = scene();
  using _ = temp;
  await killAt(root, isLast, fails);
  expect(twice(root)).not.toEqual([]);
  expect(await recoverTransaction(root, around)).toBe(fails ? 'taken-back' : 'completed');
  expect([read('a'), read('b')]).toEqual(fails ? ['old a', null] : ['new a', 'new b']);
  expect(twice(root)).toEqual([]);
  expect(found).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'what is going back again after a kill is taken out by its name in the project',
  async () => {
    const { temp, root, found, around, read } = scene();
    using _ = temp;
    await killAt(root, (name, from) => name === 'unlinkSync' && from.endsWith('stage/0'));
    fs.writeFileSync(path.join(root, '.migbackup/txn/undo'), '');
    expect(await recoverTransaction(root, around)).toBe('taken-back');
    expect([read('a'), read('b')]).toEqual(['old a', null]);
    expect(found).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')('where files cannot have a second name they are renamed', async () => {
  const { temp, root, read } = scene();
  using _ = temp;
  let refused = 0;
  const outcome = await withFault(
    null,
    () => apply(root, WANTED),
    (name) => {
      if (name !== 'linkSync') return false;
      refused++;
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    },
  );
  expect(outcome.error).toBeUndefined();
  expect(refused).toBeGreaterThan(1);
  expect(read('a')).toBe('new a');
});
